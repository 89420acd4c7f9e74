using System.Text.RegularExpressions;
using Tersor.Compression.Channels;

namespace Tersor.Compression.Recipes;

/// <summary>Which layers may lose channels, as keys of a recipe.</summary>
internal static class ChannelSelectionKeys
{
    /// <summary>What is not said: a tenth of each layer stays, in multiples that runtimes compute in.</summary>
    public static ChannelSelectionOptions Usual { get; } = new() { LeastShareKept = 0.1, MultipleKept = 8 };

    /// <summary>Reads them.</summary>
    public static ChannelSelectionOptions Read(RecipeMapping mapping) => new()
    {
        Only = Patterns(mapping, "include"),
        Held = Patterns(mapping, "exclude"),
        LeastShareKept = mapping.Real("least", Usual.LeastShareKept, 0, 1),
        MultipleKept = mapping.Integer("multiple", Usual.MultipleKept, 1, 4096),
    };

    /// <summary>As part of a step's description.</summary>
    public static string Text(ChannelSelectionOptions options) =>
        FormattableString.Invariant($"{(options.Only.Count == 0 ? "all layers" : string.Join(", ", options.Only))}{(options.Held.Count == 0 ? "" : " without " + string.Join(", ", options.Held))}, {options.LeastShareKept:P0} stay at least, in multiples of {options.MultipleKept}");

    private static List<Regex> Patterns(RecipeMapping mapping, string key)
    {
        List<Regex> patterns = [];
        foreach (string pattern in mapping.Texts(key))
        {
            try
            {
                patterns.Add(new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10)));
            }
            catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
            {
                mapping.Problem($"has '{pattern}' to {key}, which is not a usable regular expression: {exception.Message.TrimEnd('.')}");
            }
        }

        return patterns;
    }
}
