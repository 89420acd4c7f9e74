using Tersor.EntropyCoding.Huffman;

namespace Tersor.Codec.Dcz;

/// <summary>
/// What a file says of a tensor whose weights are shared. Every weight that differs from the most frequent value is an entry: the number of weights skipped before it, and an id that names its value.
/// Where more are skipped than an index can say, a filler of id 0 stands between, on a weight of that most frequent value.
/// </summary>
public sealed record DczSharing
{
    /// <summary>Bits of the widest index.</summary>
    public const int MaxIndexBits = 8;

    /// <summary>Most values of a codebook.</summary>
    public const int MaxCodebookLength = HuffmanCode.MaxSymbolCount;

    /// <summary>Bits of an index before Huffman coding, 0 to 8: up to <c>2^bits - 1</c> weights are skipped before an entry. With 0 every weight up to the last entry is one.</summary>
    public required int IndexBits { get; init; }

    /// <summary>Distinct values; the first is the one that entries skip.</summary>
    public required int CodebookLength { get; init; }

    /// <summary>Weights that have an entry, and fillers.</summary>
    public long EntryCount { get; init; }

    /// <summary>Entries that stand on a weight of the skipped value.</summary>
    public long FillerCount { get; init; }

    /// <summary>Bytes of the Huffman-coded ids.</summary>
    public long IdBytes { get; init; }

    /// <summary>Bytes of the Huffman-coded indices.</summary>
    public long IndexBytes { get; init; }

    /// <summary>Weights that differ from the skipped value: those left after pruning where that is zero.</summary>
    public long KeptCount => EntryCount - FillerCount;

    /// <summary>Bytes of the codebook: four for each value.</summary>
    public long CodebookBytes => 4L * CodebookLength;

    /// <summary>Bytes of the lengths of the codes: half a byte for each; none where nothing is coded.</summary>
    public long CodeLengthBytes => EntryCount == 0 ? 0 : IdLengthBytes + IndexLengthBytes;

    /// <summary>All bytes of the tensor.</summary>
    public long ByteCount => CodebookBytes + CodeLengthBytes + IdBytes + IndexBytes;

    /// <summary>Different indices.</summary>
    internal int IndexCount => 1 << IndexBits;

    internal int IdLengthBytes => (CodebookLength + 1) / 2;

    internal int IndexLengthBytes => IndexBits == 0 ? 0 : (IndexCount + 1) / 2;

    /// <summary>Elements behind those that the entries can reach, which cost no bit.</summary>
    internal long UncodedCount(long elementCount) => Math.Max(0, elementCount - ((EntryCount + 1) << IndexBits));

    /// <summary>What keeps the numbers from being true of a tensor of so many elements; null where nothing does.</summary>
    internal string? Problem(long elementCount)
    {
        if (IndexBits is < 0 or > MaxIndexBits) return $"its indices have {IndexBits} bits, 0 to {MaxIndexBits} are possible";
        if (CodebookLength is < 1 or > MaxCodebookLength) return $"its codebook has {CodebookLength} values, 1 to {MaxCodebookLength:N0} are possible";
        if (EntryCount < 0 || EntryCount > elementCount) return $"it has {EntryCount:N0} entries for {elementCount:N0} weights";
        if (FillerCount < 0 || FillerCount > EntryCount) return $"{FillerCount:N0} of its {EntryCount:N0} entries are fillers";
        if (!CanHold(IdBytes, EntryCount)) return $"{IdBytes:N0} bytes do not hold {EntryCount:N0} ids";
        return CanHold(IndexBytes, IndexBits == 0 ? 0 : EntryCount) ? null : $"{IndexBytes:N0} bytes do not hold {EntryCount:N0} indices";
    }

    // A code has one to fifteen bits.
    private static bool CanHold(long bytes, long symbols) => bytes >= (symbols + 7) / 8 && bytes <= ((symbols * HuffmanCode.MaxLength) + 7) / 8;
}
