using System.Buffers;
using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>
/// Compressed sparse rows with codes: what differs from the most frequent value, row by row and in a row tile by tile, in 16-bit words of a column within the tile
/// and a code. Two bytes an entry, of which a vector of sixteen is decoded in registers.
/// </summary>
internal sealed class CodedCsrMatrix : Representation
{
    // By frequency; the first one is that of all columns not listed.
    private readonly float[] _values;
    private readonly ushort[] _words;
    private readonly PackedIndices _tilePointers;
    private readonly TileLayout _layout;

    private CodedCsrMatrix(int rows, int columns, float[] values, ushort[] words, PackedIndices tilePointers)
        : base(rows, columns)
    {
        _values = values;
        _words = words;
        _tilePointers = tilePointers;
        _layout = new TileLayout(columns, values.Length);
    }

    public override RepresentationFormat Format => RepresentationFormat.CodedCsr;

    public override IReadOnlyList<StoredArray> Arrays =>
    [
        new("values", _values.Length, 32, _words.Length),
        new("entries", _words.Length, 16, _words.Length),
        _tilePointers.Describe("tilePtr", _layout.TileCount == 0 ? 0 : ((long)_layout.TileCount + 1) * Rows),
    ];

    internal override float Shift => _values[0];

    private protected override (long Multiplications, long Additions) Arithmetic
    {
        get
        {
            long additions = 0;
            for (int row = 0; row < Rows; row++) additions += Math.Max(0, _tilePointers[(row + 1) * _layout.TileCount] - _tilePointers[row * _layout.TileCount] - 1);
            return (_words.Length, additions);
        }
    }

    private protected override long InputLoads => _words.Length;

    public static string? Refuse(int valueCount) => valueCount - 1 > TileLayout.MaxEntryValues
        ? $"It holds {TileLayout.MaxEntryValues} different values beside the most frequent one, the matrix has {valueCount - 1:N0}; use {RepresentationFormat.Cer.Name()}."
        : null;

    public static long Bits(MatrixStatistics statistics)
    {
        TileLayout layout = new(statistics.Columns, statistics.ValueCount);
        long pointers = ((long)statistics.Rows * layout.TileCount) + 1;
        return (32L * statistics.ValueCount) + (16 * statistics.EntryCount) + (pointers * 8 * PackedIndices.WidthFor(statistics.EntryCount));
    }

    public static Representation Of(QuantizedMatrix matrix)
    {
        TileLayout layout = new(matrix.Columns, matrix.Values.Length);
        ushort[] words = new ushort[(long)matrix.Rows * matrix.Columns - matrix.Counts[0]];
        PackedIndices tilePointers = new(checked((matrix.Rows * layout.TileCount) + 1), PackedIndices.WidthFor(words.Length));
        ushort[] codes = new ushort[matrix.Columns];
        (int at, int tile) = (0, 0);
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.CopyCodes(row, codes);
            for (int first = 0; first < codes.Length; first += layout.TileColumns)
            {
                int end = Math.Min(first + layout.TileColumns, codes.Length);
                for (int column = first; column < end; column++)
                {
                    if (codes[column] != 0) words[at++] = (ushort)(((column - first) << layout.CodeBits) | (codes[column] - 1));
                }

                tilePointers[++tile] = at;
            }
        }

        return new CodedCsrMatrix(matrix.Rows, matrix.Columns, matrix.Values.ToArray(), words, tilePointers);
    }

    public static Representation Read(ref RepresentationReader reader, int rows, int columns)
    {
        float[] values = reader.ReadValues("values", TileLayout.MaxEntryValues + 1);
        ushort[] words = reader.ReadArray<ushort>("entries");
        TileLayout layout = new(columns, values.Length);
        PackedIndices tilePointers = reader.ReadPointers("tilePtr", ((long)rows * layout.TileCount) + 1, words.Length);
        CodedCsrMatrix matrix = new(rows, columns, values, words, tilePointers);
        int mask = (1 << layout.CodeBits) - 1;
        for (int row = 0; row < rows && words.Length > 0; row++)
        {
            for (int tile = 0; tile < layout.TileCount; tile++)
            {
                int last = -1;
                foreach (ushort word in matrix.Words(row, tile))
                {
                    int column = word >> layout.CodeBits;
                    if (column <= last || (tile * layout.TileColumns) + column >= columns) throw reader.Damaged($"an entry of row {row} is in column {column} of tile {tile}, beyond the last or out of order");
                    if ((word & mask) + 1 >= values.Length) throw reader.Damaged($"an entry of row {row} has code {word & mask}, there are {values.Length - 1}");
                    last = column;
                }
            }
        }

        return matrix;
    }

    private protected override void WriteArrays(in RepresentationWriter writer)
    {
        writer.WriteArray<float>(_values);
        writer.WriteArray<ushort>(_words);
        writer.WriteIndices(_tilePointers);
    }

    private protected override void CopyRows(int first, int end, Span<float> target)
    {
        target.Fill(_values[0]);
        int mask = (1 << _layout.CodeBits) - 1;
        for (int row = first; row < end; row++)
        {
            Span<float> line = target.Slice((row - first) * Columns, Columns);
            for (int tile = 0; tile < _layout.TileCount; tile++)
            {
                foreach (ushort word in Words(row, tile)) line[(tile * _layout.TileColumns) + (word >> _layout.CodeBits)] = _values[1 + (word & mask)];
            }
        }
    }

    private protected override unsafe void MultiplyRows(LaneWidth width, float* vector, int first, int end, float* product)
    {
        float* table = stackalloc float[ValuesInMemory.Length];
        FillTable(table);
        CodedEntries entries = new(_layout.CodeBits, table);
        int[] room = ArrayPool<int>.Shared.Rent(((end - first) * _layout.TileCount) + 1);
        ReadOnlySpan<int> bounds = _tilePointers.Slice(first * _layout.TileCount, room.AsSpan(0, ((end - first) * _layout.TileCount) + 1));
        entries.Multiply(width, _words, bounds, vector, _layout, new Span<float>(product, end - first));
        ArrayPool<int>.Shared.Return(room);
    }

    private protected override unsafe void MultiplyPanel(LaneWidth width, float* panel, int panelWidth, int first, int end, float* products)
    {
        float* table = stackalloc float[ValuesInMemory.Length];
        FillTable(table);
        CodedEntries entries = new(_layout.CodeBits, table);
        int[] columns = ArrayPool<int>.Shared.Rent(Columns);
        float[] weights = ArrayPool<float>.Shared.Rent(Columns);
        fixed (int* indices = columns)
        fixed (float* values = weights)
        {
            for (int row = first; row < end; row++, products += panelWidth)
            {
                int count = 0;
                for (int tile = 0; tile < _layout.TileCount; tile++)
                {
                    ReadOnlySpan<ushort> words = Words(row, tile);
                    entries.Expand(words, tile * _layout.TileColumns, columns.AsSpan(count), weights.AsSpan(count));
                    count += words.Length;
                }

                SparseRow.Multiply(width, panel, panelWidth, indices, values, count, products);
            }
        }

        ArrayPool<int>.Shared.Return(columns);
        ArrayPool<float>.Shared.Return(weights);
    }

    private ReadOnlySpan<ushort> Words(int row, int tile)
    {
        int start = _tilePointers[(row * _layout.TileCount) + tile];
        return _words.AsSpan(start, _tilePointers[(row * _layout.TileCount) + tile + 1] - start);
    }

    // Repeated with the period of the codes, so that bits of the column do not matter.
    private unsafe void FillTable(float* table)
    {
        for (int i = 0; i < ValuesInMemory.Length; i++)
        {
            int value = 1 + (i & ((1 << _layout.CodeBits) - 1));
            table[i] = value < _values.Length ? _values[value] - _values[0] : 0;
        }
    }
}
