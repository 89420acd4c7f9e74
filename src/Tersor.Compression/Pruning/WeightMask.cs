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

    /// <summary>
    /// In each run of M weights along the inputs, the N of the highest scores (Mishra et al. 2021, arXiv 2104.08378); a last, shorter run keeps the smaller of N and its length.
    /// </summary>
    /// <param name="scores">One per weight, row-major.</param>
    /// <param name="stride">Distance of neighbours along the inputs.</param>
    /// <param name="inputs">Weights along the inputs.</param>
    /// <param name="keep">N.</param>
    /// <param name="of">M.</param>
    public static bool[] OfPattern(ReadOnlySpan<float> scores, int stride, int inputs, int keep, int of)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(of, keep);
        bool[] isKept = new bool[scores.Length];
        int outer = scores.Length / (stride * inputs);
        for (int o = 0; o < outer; o++)
        {
            for (int s = 0; s < stride; s++)
            {
                for (int first = 0; first < inputs; first += of)
                {
                    int length = Math.Min(of, inputs - first);
                    int start = (((o * inputs) + first) * stride) + s;
                    for (int i = 0; i < length; i++) isKept[start + (i * stride)] = RankInRun(scores[start..], stride, length, i) < keep;
                }
            }
        }

        return isKept;
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

    // How many of a run stand before one of it: runs are short, and are ranked anew at every step of some trainings.
    private static int RankInRun(ReadOnlySpan<float> run, int stride, int length, int place)
    {
        float own = Comparable(run[place * stride]);
        int rank = 0;
        for (int i = 0; i < length; i++)
        {
            float other = Comparable(run[i * stride]);
            if (i < place ? other >= own : other > own) rank++;
        }

        return rank;
    }

    private static float Comparable(float score) => float.IsNaN(score) ? float.PositiveInfinity : score;

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
