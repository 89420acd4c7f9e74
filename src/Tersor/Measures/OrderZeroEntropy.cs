namespace Tersor.Measures;

/// <summary>What symbols cost a coder that knows how often each occurs, and nothing else (Shannon 1948).</summary>
public static class OrderZeroEntropy
{
    /// <summary>Bits of all symbols together: <c>sum_k n_k log2(n / n_k)</c>; 0 where there are none.</summary>
    /// <param name="counts">How often each symbol occurs, n_k.</param>
    public static double BitsOf(ReadOnlySpan<long> counts)
    {
        long all = 0;
        foreach (long count in counts) all += count;
        double bits = 0;
        foreach (long count in counts)
        {
            if (count > 0) bits += count * Math.Log2((double)all / count);
        }

        return bits;
    }
}
