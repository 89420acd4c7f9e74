using System.Text.RegularExpressions;
using Tersor.Compression.Channels;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>Which layers of a network may lose channels, by the names of their weights.</summary>
public sealed record ChannelPatterns
{
    /// <summary>Regular expressions; none stands for all layers.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Regular expressions of layers that keep all channels.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>The share of its channels that every layer keeps at least.</summary>
    public double Least { get; init; }

    /// <summary>Layers keep multiples of so many channels, which runtimes compute in.</summary>
    public int Multiple { get; init; } = 8;

    /// <summary>As part of a step's description.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{(Include.Count == 0 ? "all layers" : string.Join(", ", Include))}{(Exclude.Count == 0 ? "" : " without " + string.Join(", ", Exclude))}, {Least:P0} stay at least, in multiples of {Multiple}");

    internal static ChannelPatterns Read(RecipeMapping mapping) =>
        new() { Include = mapping.Texts("include"), Exclude = mapping.Texts("exclude"), Least = mapping.Real("least", 0.1, 0, 1), Multiple = mapping.Integer("multiple", 8, 1, 4096) };

    /// <summary>What is wrong with the patterns.</summary>
    internal IEnumerable<string> Check(OnnxGraph graph) => Include.Concat(Exclude).Select(pattern => LayerSelection.Problem(pattern, graph)).OfType<string>();

    internal ChannelSelectionOptions ToOptions() => new() { Only = [.. Include.Select(Compile)], Held = [.. Exclude.Select(Compile)], LeastShareKept = Least, MultipleKept = Multiple };

    private static Regex Compile(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
}
