using System.Text.RegularExpressions;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>The weights that a step is for: those with two dimensions or more, that patterns include and none excludes.</summary>
public sealed record LayerSelection
{
    /// <summary>Tensors with fewer elements are left alone: side information would cost more than they give.</summary>
    public const int FewestElements = 100;

    /// <summary>Regular expressions over names; none stands for all.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Regular expressions over names to leave out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>The names of a network's weights that are selected, in its order.</summary>
    public IReadOnlyList<string> Of(OnnxGraph graph) =>
        [.. NamesOf(graph).Where(name => (Include.Count == 0 || Include.Any(pattern => IsMatch(pattern, name))) && !Exclude.Any(pattern => IsMatch(pattern, name)))];

    /// <summary>What is wrong with the patterns, or with what they leave.</summary>
    public IEnumerable<string> Check(OnnxGraph graph)
    {
        IReadOnlyList<string> names = NamesOf(graph);
        List<string> problems = [.. Include.Concat(Exclude).Select(pattern => Problem(pattern, names)).OfType<string>()];
        if (problems.Count == 0 && Of(graph).Count == 0) problems.Add($"no weight of {graph.Source} is left to work on");
        return problems;
    }

    /// <summary>As part of a step's description.</summary>
    public override string ToString() =>
        (Include.Count == 0 ? "all layers" : string.Join(", ", Include)) + (Exclude.Count == 0 ? "" : " without " + string.Join(", ", Exclude));

    /// <summary>What is wrong with a pattern; null where it is one and matches a weight.</summary>
    internal static string? Problem(string pattern, OnnxGraph graph) => Problem(pattern, NamesOf(graph));

    // Linear time whatever the pattern: names may come from a hostile file.
    internal static bool IsMatch(string pattern, string name) =>
        Regex.IsMatch(name, pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));

    internal static LayerSelection Read(RecipeMapping mapping) => new() { Include = mapping.Texts("include"), Exclude = mapping.Texts("exclude") };

    private static string? Problem(string pattern, IReadOnlyList<string> names)
    {
        try
        {
            if (names.Any(name => IsMatch(pattern, name))) return null;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return $"'{pattern}' is not a usable regular expression: {exception.Message.TrimEnd('.')}";
        }

        return $"'{pattern}' matches no weight. {ClosestNames.Hint(pattern, names) ?? $"The weights are {string.Join(", ", names.Take(8))}{(names.Count > 8 ? ", ..." : "")}."}";
    }

    private static IReadOnlyList<string> NamesOf(OnnxGraph graph) =>
        [.. graph.Initializers.Where(tensor => tensor.ElementType == ElementType.Float32 && tensor.Shape.Rank >= 2 && tensor.ElementCount >= FewestElements).Select(tensor => tensor.Name)];
}
