using System.Globalization;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>A number of single layers beside the one for all: by regular expressions over names of weights, of which the last that matches counts.</summary>
public sealed class LayerValues
{
    /// <summary>Takes patterns and their numbers, in order.</summary>
    public LayerValues(params IReadOnlyList<KeyValuePair<string, double>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Entries = entries;
    }

    /// <summary>No layer has a number of its own.</summary>
    public static LayerValues None { get; } = new();

    /// <summary>Regular expressions and their numbers, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Entries { get; }

    /// <summary>The number of a layer.</summary>
    /// <param name="name">Of its weight.</param>
    /// <param name="usual">That of layers which no pattern matches.</param>
    public double Of(string name, double usual)
    {
        double value = usual;
        foreach ((string pattern, double own) in Entries)
        {
            if (LayerSelection.IsMatch(pattern, name)) value = own;
        }

        return value;
    }

    /// <summary>As part of a step's description: a comma first, nothing where there are none.</summary>
    /// <param name="format">Of the numbers.</param>
    /// <param name="unit">Behind each.</param>
    internal string Text(string format = "", string unit = "") =>
        string.Concat(Entries.Select(entry => $", {entry.Key} {entry.Value.ToString(format, CultureInfo.InvariantCulture)}{unit}"));

    /// <summary>What is wrong with the patterns.</summary>
    internal IEnumerable<string> Check(OnnxGraph graph) => Entries.Select(entry => LayerSelection.Problem(entry.Key, graph)).OfType<string>();

    /// <summary>What is wrong with the patterns, or with numbers that count something.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="counted">What they count, such as <c>bits</c>.</param>
    internal IEnumerable<string> CheckCounts(OnnxGraph graph, string counted) =>
        Check(graph).Concat(Entries
            .Where(entry => entry.Value != Math.Floor(entry.Value))
            .Select(entry => string.Create(CultureInfo.InvariantCulture, $"'{entry.Key}' has {entry.Value} {counted}; whole numbers are possible")));

    internal static LayerValues Read(RecipeMapping mapping, double least, double most) => new(mapping.Reals("layers", least, most));
}
