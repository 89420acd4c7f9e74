namespace Tersor.Representations;

/// <summary>
/// What the size of a matrix in every form follows from: measured on a matrix, and sizes are exact; or modelled from entropy, sparsity and shape, and they are what is
/// to be expected of elements that are independent of one another.
/// </summary>
public sealed record MatrixStatistics
{
    /// <summary>Rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Columns.</summary>
    public required int Columns { get; init; }

    /// <summary>Different values, at least 1.</summary>
    public required int ValueCount { get; init; }

    /// <summary>Elements that differ from the most frequent finite value.</summary>
    public required long EntryCount { get; init; }

    /// <summary>Elements other than +0.</summary>
    public required long NonZeroCount { get; init; }

    /// <summary>Over all rows, the different values other than the most frequent one: groups of CSER.</summary>
    public required long GroupCount { get; init; }

    /// <summary>Over all rows, the values up to the rarest that is there: groups of CER, empty ones included.</summary>
    public required long PaddedGroupCount { get; init; }

    /// <summary>Entries that relative indices of 1 to 8 bits need beyond the elements that differ.</summary>
    public required IReadOnlyList<long> Fillers { get; init; }

    /// <summary>Escapes that gaps of 8 and of 16 bits need within the groups of CER and CSER, where more columns are passed over than that can say.</summary>
    public required IReadOnlyList<long> GroupEscapes { get; init; }

    /// <summary>Shannon entropy of the values, in bits per element.</summary>
    public required double EntropyBits { get; init; }

    /// <summary>Elements.</summary>
    public long ElementCount => (long)Rows * Columns;

    /// <summary>Share of the elements that are the most frequent value; 1 for an empty matrix.</summary>
    public double CommonShare => ElementCount == 0 ? 1 : 1 - ((double)EntryCount / ElementCount);

    /// <summary>Bits of relative indices that make them smallest.</summary>
    internal int BestGapBits
    {
        get
        {
            int codeBits = RelativeIndexMatrix.CodeBitsFor(ValueCount);
            return Enumerable.Range(1, RelativeIndexMatrix.MaxGapBits).MinBy(bits => (EntryCount + Fillers[bits - 1]) * (bits + codeBits));
        }
    }

    /// <summary>Bits that a format takes; null where it cannot hold the matrix.</summary>
    public long? SizeInBits(RepresentationFormat format)
    {
        FormatEntry entry = FormatEntry.Of(format);
        return entry.Refuse(Columns, ValueCount) is null ? entry.SizeInBits(this) : null;
    }

    /// <summary>Models a matrix of independent elements.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="valueCount">Different values, 1 to <see cref="QuantizedMatrix.MaxValueCount"/>.</param>
    /// <param name="commonShare">Share of the most frequent value: the sparsity, where that is zero; from 1 / <paramref name="valueCount"/> to 1.</param>
    /// <param name="entropyBits">Entropy of the values in bits: what lies between the least and the most that the share allows is met, anything else is brought there.</param>
    /// <param name="isZero">Whether the most frequent value is +0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static MatrixStatistics Model(int rows, int columns, int valueCount, double commonShare, double entropyBits, bool isZero = true)
    {
        Representation.ThrowIfNoShape(rows, columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(valueCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(valueCount, QuantizedMatrix.MaxValueCount);
        ArgumentOutOfRangeException.ThrowIfNegative(entropyBits);
        if (!(commonShare * valueCount >= 0.999999 && commonShare <= 1)) throw new ArgumentOutOfRangeException(nameof(commonShare), commonShare, $"The most frequent of {valueCount} values has a share of 1/{valueCount} to 1.");
        return new ValueModel(valueCount, commonShare, entropyBits).Expect(rows, columns, isZero);
    }
}
