namespace Tersor.Nnc;

/// <summary>
/// A codebook of ISO/IEC 15938-17: strictly increasing integers; the value of index i is entry[i] times the step size. Coded is index minus <see cref="ZeroIndex"/>.
/// </summary>
public sealed class NncCodebook
{
    private readonly int[] _entries;

    /// <summary>Takes the entries, which are not copied.</summary>
    /// <param name="entries">Strictly increasing, at least one.</param>
    /// <param name="zeroIndex">The index that is cheapest to code: usually that of the most frequent entry.</param>
    /// <exception cref="ArgumentException">No entries, not increasing, or the index is not one of them.</exception>
    public NncCodebook(int[] entries, int zeroIndex)
    {
        ArgumentNullException.ThrowIfNull(entries);
        if (entries.Length == 0) throw new ArgumentException("A codebook has at least one entry.", nameof(entries));
        ArgumentOutOfRangeException.ThrowIfNegative(zeroIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(zeroIndex, entries.Length);
        for (int i = 1; i < entries.Length; i++)
        {
            if (entries[i] <= entries[i - 1]) throw new ArgumentException("Codebook entries increase strictly.", nameof(entries));
        }

        _entries = entries;
        ZeroIndex = zeroIndex;
    }

    /// <summary>Multiples of the step size, increasing.</summary>
    public ReadOnlySpan<int> Entries => _entries;

    /// <summary>Number of entries.</summary>
    public int Size => _entries.Length;

    /// <summary>The index whose coded symbol is 0.</summary>
    public int ZeroIndex { get; }
}
