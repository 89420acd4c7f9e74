using System.Text.Json.Nodes;
using Tersor.Measures;
using Tersor.Models;

namespace Tersor.Cli.Output;

/// <summary>A tensor's distribution as bars and numbers.</summary>
internal static class DistributionText
{
    // Eight heights and none; four bins of the measurement to a bar.
    private const string Heights = " ▁▂▃▄▅▆▇█";
    private const int Bars = 64;

    /// <summary>Three lines: name, bars between minimum and maximum, numbers.</summary>
    public static void Write(TextWriter writer, Tensor tensor, ValueDistribution distribution)
    {
        writer.WriteLine();
        writer.WriteLine(VisibleText.Escape(tensor.ToString()));
        if (double.IsFinite(distribution.Minimum))
            writer.WriteLine($"  {Numbers.Short(distribution.Minimum)} |{Draw(distribution.Histogram)}| {Numbers.Short(distribution.Maximum)}");
        string distinct = distribution.DistinctCount is int count ? Numbers.Count(count) : "over " + Numbers.Count(ValueDistribution.MaxDistinctCount);
        writer.WriteLine(
            $"  mean {Numbers.Short(distribution.Mean)}, std {Numbers.Short(distribution.StandardDeviation)}, "
            + $"entropy {Numbers.Fixed(distribution.EntropyBits, 3)} bits in {ValueDistribution.BinCount} bins, "
            + $"sparsity {Numbers.Percent(distribution.Sparsity)}, distinct {distinct}, "
            + $"NaN {Numbers.Count(distribution.NaNCount)}, Inf {Numbers.Count(distribution.InfinityCount)}");
    }

    /// <summary>The numbers as JSON, every bin included.</summary>
    public static JsonObject Fields(ValueDistribution distribution) => new()
    {
        ["count"] = distribution.Count,
        ["nan"] = distribution.NaNCount,
        ["infinite"] = distribution.InfinityCount,
        ["zeros"] = distribution.ZeroCount,
        ["sparsity"] = distribution.Sparsity,
        ["distinct"] = distribution.DistinctCount,
        ["min"] = SortedJson.Number(distribution.Minimum),
        ["max"] = SortedJson.Number(distribution.Maximum),
        ["mean"] = SortedJson.Number(distribution.Mean),
        ["std"] = SortedJson.Number(distribution.StandardDeviation),
        ["entropyBits"] = distribution.EntropyBits,
        ["histogram"] = new JsonArray([.. distribution.Histogram.Select(count => JsonValue.Create(count))]),
    };

    private static string Draw(IReadOnlyList<long> histogram)
    {
        int binsPerBar = histogram.Count / Bars;
        long[] counts = [.. Enumerable.Range(0, Bars).Select(bar => Enumerable.Range(bar * binsPerBar, binsPerBar).Sum(bin => histogram[bin]))];
        long highest = Math.Max(1, counts.Max());

        // Rounded up: a bar that holds anything shows.
        return string.Concat(counts.Select(count => Heights[(int)Math.Ceiling((double)count / highest * (Heights.Length - 1))]));
    }
}
