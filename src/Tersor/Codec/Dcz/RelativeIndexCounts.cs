namespace Tersor.Codec.Dcz;

/// <summary>How often each relative index occurs at each width, fillers among them, so that a width can be chosen by what its codes cost.</summary>
internal sealed class RelativeIndexCounts
{
    /// <summary>Elements from one look at the cancellation token to the next.</summary>
    public const int ElementsBetweenChecks = 1 << 16;

    private readonly long[][] _counts = new long[DczSharing.MaxIndexBits + 1][];
    private readonly long[] _fillers = new long[DczSharing.MaxIndexBits + 1];

    private RelativeIndexCounts()
    {
        for (int bits = 0; bits < _counts.Length; bits++) _counts[bits] = new long[1 << bits];
    }

    /// <summary>Counts the indices of all elements that are not 0.</summary>
    public static RelativeIndexCounts Of(ReadOnlySpan<int> ids, CancellationToken cancellationToken)
    {
        RelativeIndexCounts counts = new();
        int run = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (i % ElementsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            if (ids[i] == 0) run++;
            else
            {
                counts.Add(run);
                run = 0;
            }
        }

        for (int bits = 0; bits < counts._counts.Length; bits++) counts._counts[bits][^1] += counts._fillers[bits];
        return counts;
    }

    /// <summary>How often each index of so many bits occurs.</summary>
    public ReadOnlySpan<long> Counts(int bits) => _counts[bits];

    /// <summary>How many entries are fillers.</summary>
    public long Fillers(int bits) => _fillers[bits];

    private void Add(int run)
    {
        for (int bits = 0; bits < _counts.Length; bits++)
        {
            _counts[bits][run & ((1 << bits) - 1)]++;
            _fillers[bits] += run >> bits;
        }
    }
}
