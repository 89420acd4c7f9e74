using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tersor.Quantization;

/// <summary>
/// Quantization to a codebook of the kind NNC streams carry: strictly increasing integers, entry i standing for entry[i] * step (NNC implementer's text,
/// sections 4.2 and 10).
/// </summary>
public static class CodebookQuantizer
{
    /// <summary>Makes a codebook by k-means, with centroids rounded to multiples of the step; those that fall together become one entry.</summary>
    /// <param name="weights">Finite weights.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="count">Largest number of entries, at least 1; at least 2 to keep zeros of a tensor that has other weights too.</param>
    /// <param name="keepZeros">Leaves weights that are zero out of the clustering and gives them an entry of their own, so that pruned weights stay zero.</param>
    /// <param name="initialization">Where k-means starts.</param>
    /// <param name="importance">One factor per weight, finite and not negative; empty for all 1.</param>
    /// <param name="seed">For <see cref="CentroidInitialization.Random"/>.</param>
    /// <param name="cancellationToken">Checked between the steps of k-means.</param>
    /// <returns>Entries, strictly increasing; a single 0 for no weights.</returns>
    /// <exception cref="ArgumentException">A weight is not finite or too many steps from zero, an importance is not allowed, or the lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Step or count are out of range.</exception>
    public static int[] Design(
        ReadOnlySpan<float> weights,
        double step,
        int count,
        bool keepZeros,
        CentroidInitialization initialization = CentroidInitialization.Linear,
        ReadOnlySpan<float> importance = default,
        ulong seed = 0,
        CancellationToken cancellationToken = default)
    {
        LevelRange.Refuse(weights, step);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (!importance.IsEmpty) SequentialArguments.CheckImportance(weights.Length, importance);
        bool zeroEntry = keepZeros && weights.Contains(0f);
        if (zeroEntry) (weights, importance) = WithoutZeros(weights, importance);
        if (weights.IsEmpty) return [0];
        if (zeroEntry) ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);

        SortedSet<int> entries = [];
        if (zeroEntry) entries.Add(0);
        foreach (double centroid in KMeans.FindCentroids(weights, zeroEntry ? count - 1 : count, initialization, importance, seed, cancellationToken))
            entries.Add((int)Math.Round(centroid / step, MidpointRounding.AwayFromZero));
        return [.. entries];
    }

    /// <summary>The index of the entry nearest to each weight; the lower one where two are equally near.</summary>
    /// <param name="weights">Finite weights.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="entries">Strictly increasing, at least one.</param>
    /// <param name="indices">Receives one index per weight; same length.</param>
    /// <exception cref="ArgumentException">A weight is NaN or infinite, the entries are none or do not increase, or the lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The step is not a positive finite number.</exception>
    public static void Quantize(ReadOnlySpan<float> weights, double step, ReadOnlySpan<int> entries, Span<int> indices)
    {
        UniformQuantizer.RequireSameLength(weights.Length, indices.Length, nameof(indices));
        LevelRange.RefuseStep(step);
        NonFiniteWeight.Refuse(weights);
        double[] borders = Borders(entries);

        // Borders are halves of integers and the quotient is one division: a comparison decides exactly as written.
        for (int i = 0; i < weights.Length; i++) indices[i] = CountBelow(borders, weights[i] / step);
    }

    /// <summary>value = binary32(entry * step), the product being exact, of each index.</summary>
    /// <param name="indices">Indices of entries.</param>
    /// <param name="step">Step size.</param>
    /// <param name="entries">The codebook.</param>
    /// <param name="values">Receives one value per index; same length.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="IndexOutOfRangeException">An index is none of the codebook's.</exception>
    public static void Dequantize(ReadOnlySpan<int> indices, double step, ReadOnlySpan<int> entries, Span<float> values)
    {
        UniformQuantizer.RequireSameLength(indices.Length, values.Length, nameof(values));
        float[] table = new float[entries.Length];
        for (int i = 0; i < table.Length; i++) table[i] = (float)(entries[i] * step);
        for (int i = 0; i < indices.Length; i++) values[i] = table[indices[i]];
    }

    // Where one entry gives way to the next, padded to a power of two less one.
    private static double[] Borders(ReadOnlySpan<int> entries)
    {
        if (entries.IsEmpty) throw new ArgumentException("A codebook has at least one entry.", nameof(entries));
        int length = 1;
        while (length < entries.Length) length *= 2;
        double[] borders = new double[length - 1];
        Array.Fill(borders, double.PositiveInfinity);
        for (int i = 1; i < entries.Length; i++)
        {
            if (entries[i] <= entries[i - 1]) throw new ArgumentException($"Entry {i} does not exceed the one before.", nameof(entries));
            borders[i - 1] = ((double)entries[i - 1] + entries[i]) / 2;
        }

        return borders;
    }

    // How many of 2^m - 1 increasing borders lie below the value: a binary search of m steps without branches.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CountBelow(double[] borders, double value)
    {
        ref double first = ref MemoryMarshal.GetArrayDataReference(borders);
        int count = 0;
        for (int half = (borders.Length + 1) >> 1; half > 0; half >>= 1)
        {
            bool above = Unsafe.Add(ref first, count + half - 1) < value;
            count += half & -Unsafe.BitCast<bool, byte>(above);
        }

        return count;
    }

    private static (float[] Weights, float[] Importance) WithoutZeros(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance)
    {
        int count = 0;
        foreach (float weight in weights) count += weight != 0 ? 1 : 0;
        float[] kept = new float[count];
        float[] keptImportance = new float[importance.IsEmpty ? 0 : count];
        int at = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0) continue;
            kept[at] = weights[i];
            if (!importance.IsEmpty) keptImportance[at] = importance[i];
            at++;
        }

        return (kept, keptImportance);
    }
}
