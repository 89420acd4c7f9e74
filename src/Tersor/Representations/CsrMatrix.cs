using System.Numerics;
using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>Compressed sparse rows: the values other than +0, row by row, with their columns.</summary>
internal sealed class CsrMatrix : Representation
{
    private readonly float[] _values;
    private readonly PackedIndices _columnIndices;
    private readonly PackedIndices _rowPointers;

    private CsrMatrix(int rows, int columns, RepresentationFormat format, float[] values, PackedIndices columnIndices, PackedIndices rowPointers)
        : base(rows, columns)
    {
        Format = format;
        _values = values;
        _columnIndices = columnIndices;
        _rowPointers = rowPointers;
    }

    public override RepresentationFormat Format { get; }

    public override IReadOnlyList<StoredArray> Arrays =>
    [
        new("W", _values.Length, 32, _values.Length),
        _columnIndices.Describe("colI", _columnIndices.Length),
        _rowPointers.Describe("rowPtr", 2L * Rows),
    ];

    private protected override (long Multiplications, long Additions) Arithmetic => (_values.Length, RowArithmetic.AdditionsOf(_rowPointers));

    private protected override long InputLoads => _values.Length;

    public static string? RefuseNarrow(int columns) =>
        columns > 1 << 16 ? $"16-bit indices reach 65,536 columns, the matrix has {columns:N0}; use {RepresentationFormat.Csr32.Name()}." : null;

    public static long Bits(MatrixStatistics statistics, RepresentationFormat format)
    {
        bool isNarrow = format == RepresentationFormat.Csr16;
        int pointerBytes = isNarrow ? PackedIndices.WidthFor(statistics.NonZeroCount) : 4;
        return (statistics.NonZeroCount * (32 + (isNarrow ? 16 : 32))) + ((statistics.Rows + 1L) * 8 * pointerBytes);
    }

    public static Representation Of(QuantizedMatrix matrix, RepresentationFormat format)
    {
        int zero = matrix.CodeOfZero;
        int count = (int)((long)matrix.Rows * matrix.Columns - (zero < 0 ? 0 : matrix.Counts[zero]));
        bool isNarrow = format == RepresentationFormat.Csr16;
        float[] values = GC.AllocateUninitializedArray<float>(count);
        PackedIndices columnIndices = new(count, isNarrow ? 2 : 4);
        PackedIndices rowPointers = new(matrix.Rows + 1, isNarrow ? PackedIndices.WidthFor(count) : 4);
        ushort[] codes = new ushort[matrix.Columns];
        int at = 0;
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.CopyCodes(row, codes);
            for (int column = 0; column < codes.Length; column++)
            {
                if (codes[column] == zero) continue;
                values[at] = matrix.Values[codes[column]];
                columnIndices[at++] = column;
            }

            rowPointers[row + 1] = at;
        }

        return new CsrMatrix(matrix.Rows, matrix.Columns, format, values, columnIndices, rowPointers);
    }

    public static Representation Read(ref RepresentationReader reader, int rows, int columns, RepresentationFormat format)
    {
        float[] values = reader.ReadArray<float>("W");
        PackedIndices rowPointers = reader.ReadPointers("rowPtr", rows + 1L, values.Length);
        PackedIndices columnIndices = reader.ReadIndices("colI", values.Length);
        if (columnIndices.Width != (format == RepresentationFormat.Csr16 ? 2 : 4)) throw reader.Damaged($"colI has indices of {columnIndices.Width} bytes");
        for (int row = 0; row < rows; row++) ColumnOrder.CheckAscending(ref reader, columnIndices, rowPointers[row], rowPointers[row + 1], columns);
        return new CsrMatrix(rows, columns, format, values, columnIndices, rowPointers);
    }

    private protected override void WriteArrays(in RepresentationWriter writer)
    {
        writer.WriteArray<float>(_values);
        writer.WriteIndices(_rowPointers);
        writer.WriteIndices(_columnIndices);
    }

    private protected override void CopyRows(int first, int end, Span<float> target)
    {
        target.Clear();
        for (int row = first; row < end; row++)
        {
            Span<float> line = target.Slice((row - first) * Columns, Columns);
            for (int i = _rowPointers[row]; i < _rowPointers[row + 1]; i++) line[_columnIndices[i]] = _values[i];
        }
    }

    private protected override unsafe void MultiplyRows(LaneWidth width, float* vector, int first, int end, float* product)
    {
        fixed (byte* indices = _columnIndices.Bytes)
        {
            if (_columnIndices.Width == 2) MultiplyRows(width, (ushort*)indices, vector, first, end, product);
            else MultiplyRows(width, (int*)indices, vector, first, end, product);
        }
    }

    private protected override unsafe void MultiplyPanel(LaneWidth width, float* panel, int panelWidth, int first, int end, float* products)
    {
        fixed (byte* indices = _columnIndices.Bytes)
        {
            if (_columnIndices.Width == 2) MultiplyPanel(width, (ushort*)indices, panel, panelWidth, first, end, products);
            else MultiplyPanel(width, (int*)indices, panel, panelWidth, first, end, products);
        }
    }

    private unsafe void MultiplyRows<TIndex>(LaneWidth width, TIndex* indices, float* vector, int first, int end, float* product)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        fixed (float* values = _values)
        {
            int start = _rowPointers[first];
            for (int row = first; row < end; row++)
            {
                int next = _rowPointers[row + 1];
                *product++ = GatheredDot.Compute(width, indices + start, values + start, next - start, vector);
                start = next;
            }
        }
    }

    private unsafe void MultiplyPanel<TIndex>(LaneWidth width, TIndex* indices, float* panel, int panelWidth, int first, int end, float* products)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        fixed (float* values = _values)
        {
            for (int row = first; row < end; row++, products += panelWidth)
            {
                int start = _rowPointers[row];
                SparseRow.Multiply(width, panel, panelWidth, indices + start, values + start, _rowPointers[row + 1] - start, products);
            }
        }
    }
}
