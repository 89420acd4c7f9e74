using System.Numerics.Tensors;
using Tersor.Quantization;

namespace Tersor.Compression.Pruning;

/// <summary>Which weights of a tensor stay; the others are zero.</summary>
public static class WeightMask
{
    /// <summary>Those that are not zero now.</summary>
    /// <returns>For each weight whether it stays, row-major.</returns>
    public static bool[] OfNonZero(ReadOnlySpan<float> weights)
    {
        bool[] isKept = new bool[weights.Length];
        for (int i = 0; i < isKept.Length; i++) isKept[i] = weights[i] != 0;
        return isKept;
    }

    /// <summary>
    /// Those of more than so many standard deviations of all weights: <c>|w| &gt; q std(w)</c> (Han et al. 2015). One that is no number stays, and does not count for the deviation; where none is
    /// large enough, the largest stays.
    /// </summary>
    /// <param name="weights">All of a layer, zeros among them.</param>
    /// <param name="deviations">q, 0 or more.</param>
    public static bool[] AboveDeviations(ReadOnlySpan<float> weights, double deviations)
    {
        if (!(deviations >= 0)) throw new ArgumentOutOfRangeException(nameof(deviations), deviations, "0 or more is possible.");
        double threshold = deviations * StandardDeviation(weights);
        bool[] isKept = new bool[weights.Length];
        for (int i = 0; i < isKept.Length; i++) isKept[i] = !(Math.Abs((double)weights[i]) <= threshold);
        if (weights.IsEmpty || isKept.AsSpan().Contains(true)) return isKept;
        float[] sizes = new float[weights.Length];
        TensorPrimitives.Abs(weights, sizes);
        return PruningRule.KeepHighest<float>(sizes, 1);
    }

    /// <summary>Zeros what does not stay.</summary>
    public static void Apply(ReadOnlySpan<bool> isKept, Span<float> weights)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            if (!isKept[i]) weights[i] = 0;
        }
    }

    /// <summary>How many stay.</summary>
    public static int CountKept(ReadOnlySpan<bool> isKept)
    {
        int count = 0;
        foreach (bool kept in isKept) count += kept ? 1 : 0;
        return count;
    }

    private static double StandardDeviation(ReadOnlySpan<float> weights)
    {
        double sum = 0;
        double squares = 0;
        int count = 0;
        foreach (float weight in weights)
        {
            if (!float.IsFinite(weight)) continue;
            sum += weight;
            count++;
        }

        double mean = sum / Math.Max(1, count);
        foreach (float weight in weights) squares += float.IsFinite(weight) ? (weight - mean) * (weight - mean) : 0;
        return Math.Sqrt(squares / Math.Max(1, count));
    }
}
