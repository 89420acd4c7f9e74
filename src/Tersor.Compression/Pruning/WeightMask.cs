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

    /// <summary>Those of the highest scores; of equal ones the first. A score that is no number counts as the highest: what cannot be judged stays.</summary>
    /// <param name="scores">One per weight.</param>
    /// <param name="count">How many stay.</param>
    public static bool[] OfHighest(ReadOnlySpan<float> scores, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        bool[] isKept = new bool[scores.Length];
        if (count >= scores.Length)
        {
            Array.Fill(isKept, true);
            return isKept;
        }

        if (count == 0) return isKept;
        float[] sorted = new float[scores.Length];
        for (int i = 0; i < sorted.Length; i++) sorted[i] = Comparable(scores[i]);
        Array.Sort(sorted);
        float threshold = sorted[^count];
        int above = sorted.Length - 1;
        while (above >= 0 && sorted[above] > threshold) above--;
        int atThreshold = count - (sorted.Length - 1 - above);
        for (int i = 0; i < isKept.Length; i++)
        {
            float score = Comparable(scores[i]);
            if (score > threshold || (score == threshold && atThreshold-- > 0)) isKept[i] = true;
        }

        return isKept;
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
        Span<float> run = stackalloc float[Math.Min(of, 256)];
        if (of > run.Length) throw new ArgumentOutOfRangeException(nameof(of), of, "Up to 256 is possible.");
        int outer = scores.Length / (stride * inputs);
        for (int o = 0; o < outer; o++)
        {
            for (int s = 0; s < stride; s++)
            {
                for (int first = 0; first < inputs; first += of)
                {
                    int length = Math.Min(of, inputs - first);
                    int start = (((o * inputs) + first) * stride) + s;
                    for (int i = 0; i < length; i++) run[i] = scores[start + (i * stride)];
                    bool[] kept = OfHighest(run[..length], keep);
                    for (int i = 0; i < length; i++) isKept[start + (i * stride)] = kept[i];
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

    private static float Comparable(float score) => float.IsNaN(score) ? float.PositiveInfinity : score;
}
