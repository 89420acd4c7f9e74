using System.Buffers;
using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>
/// Relative indices (Deep Compression, arXiv 1510.00149): through all rows, the number of elements skipped before each one that differs from the most frequent
/// value, in as few bits as make the whole smallest, and its code. Where more are skipped than that can say, a filler of code 0 stands between.
/// </summary>
internal sealed class RelativeIndexMatrix : Representation
{
    /// <summary>Gaps of more bits are never smaller: 16-bit indices say as much.</summary>
    public const int MaxGapBits = 8;

    /// <summary>Rows between the places where reading can start.</summary>
    public const int RowsPerStart = 16;

    // By frequency; the first one is that of all elements without an entry.
    private readonly float[] _values;
    private readonly int _gapBits;
    private readonly byte[] _gaps;
    private readonly byte[] _codes;

    // For every so many rows, the entries before them, and the last: how many of them there are.
    private readonly PackedIndices _entryStarts;

    // For every so many rows, the element after the last entry before them.
    private readonly PackedIndices _elementStarts;

    private RelativeIndexMatrix(int rows, int columns, float[] values, int gapBits, byte[] gaps, byte[] codes, PackedIndices entryStarts, PackedIndices elementStarts)
        : base(rows, columns)
    {
        _values = values;
        _gapBits = gapBits;
        _gaps = gaps;
        _codes = codes;
        _entryStarts = entryStarts;
        _elementStarts = elementStarts;
    }

    public override RepresentationFormat Format => RepresentationFormat.RelativeIndices;

    public override IReadOnlyList<StoredArray> Arrays =>
    [
        new("values", _values.Length, 32, EntryCount),
        new("gaps", _gaps.Length, 8, _gaps.Length),
        new("codes", _codes.Length, 8, _codes.Length),
        _entryStarts.Describe("entryPtr", _entryStarts.Length),
        _elementStarts.Describe("elementPtr", _elementStarts.Length),
    ];

    internal override float Shift => _values[0];

    // Fillers are decoded and multiplied as all other entries are.
    private protected override (long Multiplications, long Additions) Arithmetic => (EntryCount, Math.Max(0, EntryCount - Rows));

    private protected override long InputLoads => EntryCount;

    private int EntryCount => _entryStarts[_entryStarts.Length - 1];

    private int CodeBits => CodeBitsFor(_values.Length);

    /// <summary>Gaps as they are stored, fillers among them, for worked examples.</summary>
    internal int[] Gaps => [.. Enumerable.Range(0, EntryCount).Select(entry => BitStream.Read(_gaps, entry, _gapBits))];

    /// <summary>Bits of a code.</summary>
    public static int CodeBitsFor(int valueCount)
    {
        int bits = 1;
        while (1 << bits < valueCount) bits++;
        return bits;
    }

    public static long Bits(MatrixStatistics statistics)
    {
        int gapBits = statistics.BestGapBits;
        long entries = statistics.EntryCount + statistics.Fillers[gapBits - 1];
        int starts = StartCount(statistics.Rows);
        return (32L * statistics.ValueCount)
            + (8L * (BitStream.ByteCount(entries, gapBits) + BitStream.ByteCount(entries, CodeBitsFor(statistics.ValueCount))))
            + ((starts + 1L) * 8 * PackedIndices.WidthFor(entries))
            + ((long)starts * 8 * PackedIndices.WidthFor(statistics.ElementCount));
    }

    public static Representation Of(QuantizedMatrix matrix) => Of(matrix, matrix.Measure().BestGapBits);

    /// <summary>With gaps of so many bits.</summary>
    public static Representation Of(QuantizedMatrix matrix, int gapBits)
    {
        int codeBits = CodeBitsFor(matrix.Values.Length);
        MatrixStatistics statistics = matrix.Measure();
        int entryCount = checked((int)(statistics.EntryCount + statistics.Fillers[gapBits - 1]));
        byte[] gaps = new byte[BitStream.ByteCount(entryCount, gapBits)];
        byte[] packed = new byte[BitStream.ByteCount(entryCount, codeBits)];
        int starts = StartCount(matrix.Rows);
        PackedIndices entryStarts = new(starts + 1, PackedIndices.WidthFor(entryCount));
        PackedIndices elementStarts = new(starts, PackedIndices.WidthFor((long)matrix.Rows * matrix.Columns));
        ushort[] codes = new ushort[matrix.Columns];
        (int entry, int element, int after) = (0, 0, 0);
        for (int row = 0; row < matrix.Rows; row++)
        {
            if (row % RowsPerStart == 0)
            {
                entryStarts[row / RowsPerStart] = entry;
                elementStarts[row / RowsPerStart] = after;
            }

            matrix.CopyCodes(row, codes);
            foreach (ushort code in codes)
            {
                if (code != 0)
                {
                    for (; element - after >= 1 << gapBits; after += 1 << gapBits) BitStream.Write(gaps, entry++, gapBits, (1 << gapBits) - 1);
                    BitStream.Write(gaps, entry, gapBits, element - after);
                    BitStream.Write(packed, entry++, codeBits, code);
                    after = element + 1;
                }

                element++;
            }
        }

        entryStarts[starts] = entry;
        return new RelativeIndexMatrix(matrix.Rows, matrix.Columns, matrix.Values.ToArray(), gapBits, gaps, packed, entryStarts, elementStarts);
    }

    /// <summary>Places where reading can start.</summary>
    public static int StartCount(int rows) => (rows + RowsPerStart - 1) / RowsPerStart;

    public static Representation Read(ref RepresentationReader reader, int rows, int columns)
    {
        float[] values = reader.ReadValues("values", QuantizedMatrix.MaxValueCount);
        int gapBits = reader.ReadByte();
        if (gapBits is < 1 or > MaxGapBits) throw reader.Damaged($"gaps have {gapBits} bits; they have 1 to {MaxGapBits}");
        byte[] gaps = reader.ReadArray<byte>("gaps");
        byte[] codes = reader.ReadArray<byte>("codes");
        int starts = StartCount(rows);
        PackedIndices entryStarts = reader.ReadIndices("entryPtr", starts + 1L);
        int entries = entryStarts[starts];
        reader.CheckPointers("entryPtr", entryStarts, entries);
        PackedIndices elementStarts = reader.ReadIndices("elementPtr", starts);
        if (gaps.Length != BitStream.ByteCount(entries, gapBits) || codes.Length != BitStream.ByteCount(entries, CodeBitsFor(values.Length)))
            throw reader.Damaged($"{entries:N0} entries do not take {gaps.Length:N0} bytes of gaps and {codes.Length:N0} of codes");
        RelativeIndexMatrix matrix = new(rows, columns, values, gapBits, gaps, codes, entryStarts, elementStarts);
        matrix.Check(ref reader);
        return matrix;
    }

    // Walks through all entries as they were written: starts must lie where the walk comes by, and the last entry within the matrix.
    private void Check(ref RepresentationReader reader)
    {
        (int start, long after) = (0, 0);
        for (int entry = 0; entry <= EntryCount; entry++)
        {
            for (; start < _elementStarts.Length && _entryStarts[start] == entry; start++)
            {
                if (_elementStarts[start] != after || after > (long)start * RowsPerStart * Columns) throw reader.Damaged($"elementPtr[{start}] is {_elementStarts[start]}, entries end at {after}");
            }

            if (entry == EntryCount) break;
            after += BitStream.Read(_gaps, entry, _gapBits) + 1L;
            int code = BitStream.Read(_codes, entry, CodeBits);
            if (code >= _values.Length) throw reader.Damaged($"entry {entry} has code {code}, there are {_values.Length}");
            if (after > (long)Rows * Columns) throw reader.Damaged($"entry {entry} lies beyond the {Rows} x {Columns} elements");
            if (after > (long)start * RowsPerStart * Columns && start < _elementStarts.Length) throw reader.Damaged($"entry {entry} lies after the start of row {start * RowsPerStart}, which does not count it");
        }
    }

    private protected override void WriteArrays(in RepresentationWriter writer)
    {
        writer.WriteArray<float>(_values);
        writer.WriteByte((byte)_gapBits);
        writer.WriteArray<byte>(_gaps);
        writer.WriteArray<byte>(_codes);
        writer.WriteIndices(_entryStarts);
        writer.WriteIndices(_elementStarts);
    }

    private protected override void CopyRows(int first, int end, Span<float> target)
    {
        target.Fill(_values[0]);
        Walk walk = new(this, first);
        long offset = (long)first * Columns;
        while (walk.TryNext((long)end * Columns, out long element, out int code)) target[(int)(element - offset)] = _values[code];
    }

    private protected override unsafe void MultiplyRows(LaneWidth width, float* vector, int first, int end, float* product)
    {
        int[] columns = ArrayPool<int>.Shared.Rent(Columns);
        float[] weights = ArrayPool<float>.Shared.Rent(Columns);
        Walk walk = new(this, first);
        fixed (int* indices = columns)
        fixed (float* values = weights)
        {
            for (int row = first; row < end; row++) *product++ = GatheredDot.Compute(width, indices, values, ReadRow(ref walk, row, columns, weights), vector);
        }

        ArrayPool<int>.Shared.Return(columns);
        ArrayPool<float>.Shared.Return(weights);
    }

    private protected override unsafe void MultiplyPanel(LaneWidth width, float* panel, int panelWidth, int first, int end, float* products)
    {
        int[] columns = ArrayPool<int>.Shared.Rent(Columns);
        float[] weights = ArrayPool<float>.Shared.Rent(Columns);
        Walk walk = new(this, first);
        fixed (int* indices = columns)
        fixed (float* values = weights)
        {
            for (int row = first; row < end; row++, products += panelWidth)
                SparseRow.Multiply(width, panel, panelWidth, indices, values, ReadRow(ref walk, row, columns, weights), products);
        }

        ArrayPool<int>.Shared.Return(columns);
        ArrayPool<float>.Shared.Return(weights);
    }

    private int ReadRow(ref Walk walk, int row, int[] columns, float[] weights)
    {
        int count = 0;
        long offset = (long)row * Columns;
        while (walk.TryNext(offset + Columns, out long element, out int code))
        {
            columns[count] = (int)(element - offset);
            weights[count++] = _values[code] - _values[0];
        }

        return count;
    }

    // Goes through the entries from a row on.
    private struct Walk
    {
        private readonly RelativeIndexMatrix _matrix;
        private readonly int _codeBits;
        private readonly int _entryCount;
        private int _entry;
        private long _after;

        public Walk(RelativeIndexMatrix matrix, int row)
        {
            _matrix = matrix;
            _codeBits = matrix.CodeBits;
            _entryCount = matrix.EntryCount;
            if (matrix.Rows == 0) return;
            _entry = matrix._entryStarts[row / RowsPerStart];
            _after = matrix._elementStarts[row / RowsPerStart];
            while (TryNext((long)row * matrix.Columns, out _, out _))
            {
            }
        }

        /// <summary>The next entry before an element; fillers are passed over.</summary>
        public bool TryNext(long end, out long element, out int code)
        {
            while (_entry < _entryCount)
            {
                element = _after + BitStream.Read(_matrix._gaps, _entry, _matrix._gapBits);
                code = BitStream.Read(_matrix._codes, _entry, _codeBits);
                if (element >= end) break;
                _after = element + 1;
                _entry++;
                if (code != 0) return true;
            }

            (element, code) = (0, 0);
            return false;
        }
    }
}
