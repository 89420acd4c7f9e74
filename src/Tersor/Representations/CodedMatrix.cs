using System.Buffers;
using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>A code for every weight, packed, and a table of values that fits registers or the first-level cache.</summary>
internal sealed class CodedMatrix : Representation
{
    private readonly CodePacking _packing;
    private readonly float[] _values;
    private readonly byte[] _codes;

    private CodedMatrix(int rows, int columns, CodePacking packing, float[] values, byte[] codes)
        : base(rows, columns)
    {
        _packing = packing;
        _values = values;
        _codes = codes;
    }

    public override RepresentationFormat Format => _packing.CodesPerByte switch
    {
        8 => RepresentationFormat.Binary,
        5 => RepresentationFormat.Ternary,
        _ => RepresentationFormat.Codes,
    };

    public override IReadOnlyList<StoredArray> Arrays => [new("values", _values.Length, 32, Weights), new("codes", _codes.Length, 8, _codes.Length)];

    private protected override (long Multiplications, long Additions) Arithmetic => (Weights, Math.Max(0, Weights - Rows));

    private protected override long InputLoads => Weights;

    private long Weights => (long)Rows * Columns;

    /// <summary>Why a packing cannot hold so many values; null where it can.</summary>
    public static string? Refuse(CodePacking packing, int valueCount) =>
        valueCount > packing.CodeCount ? $"It holds {packing.CodeCount} different values, the matrix has {valueCount:N0}; use {(valueCount <= 256 ? RepresentationFormat.Codes : RepresentationFormat.Cer).Name()}." : null;

    public static long Bits(MatrixStatistics statistics, CodePacking packing) =>
        (32L * statistics.ValueCount) + (8L * statistics.Rows * packing.RowBytes(statistics.Columns));

    public static Representation Of(QuantizedMatrix matrix, CodePacking packing)
    {
        int rowBytes = packing.RowBytes(matrix.Columns);
        byte[] packed = new byte[checked(matrix.Rows * rowBytes)];
        ushort[] codes = new ushort[matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.CopyCodes(row, codes);
            int at = row * rowBytes;
            for (int column = 0; column < codes.Length; column += packing.ChunkColumns)
            {
                ReadOnlySpan<ushort> chunk = codes.AsSpan(column, Math.Min(packing.ChunkColumns, codes.Length - column));
                int bytes = packing.RowBytes(chunk.Length);
                packing.Pack(chunk, packed.AsSpan(at, bytes));
                at += bytes;
            }
        }

        return new CodedMatrix(matrix.Rows, matrix.Columns, packing, matrix.Values.ToArray(), packed);
    }

    public static Representation Read(ref RepresentationReader reader, int rows, int columns, Func<int, CodePacking> packingFor)
    {
        float[] values = reader.ReadValues("values", byte.MaxValue + 1);
        CodePacking packing = packingFor(values.Length);
        byte[] codes = reader.ReadArray<byte>("codes");
        int rowBytes = packing.RowBytes(columns);
        if (values.Length > packing.CodeCount) throw reader.Damaged($"values has {values.Length} elements, the packing {packing.CodeCount} codes");
        if (codes.Length != (long)rows * rowBytes) throw reader.Damaged($"codes has {codes.Length:N0} bytes, {(long)rows * rowBytes:N0} are expected");
        Span<byte> chunk = stackalloc byte[packing.ChunkColumns];
        for (int at = 0; values.Length < packing.CodeCount && at < codes.Length; at++)
        {
            // Any byte, alone, is a chunk.
            packing.Unpack(codes.AsSpan(at, 1), chunk[..packing.CodesPerByte]);
            if (chunk[..packing.CodesPerByte].IndexOfAnyExceptInRange((byte)0, (byte)(values.Length - 1)) >= 0) throw reader.Damaged($"byte {at} of codes has one beyond the {values.Length} values");
        }

        return new CodedMatrix(rows, columns, packing, values, codes);
    }

    private protected override void WriteArrays(in RepresentationWriter writer)
    {
        writer.WriteArray<float>(_values);
        writer.WriteArray<byte>(_codes);
    }

    private protected override bool GathersInputs => false;

    private protected override unsafe void CopyRows(int first, int end, Span<float> target)
    {
        if (target.IsEmpty) return;
        float* table = stackalloc float[ValuesInMemory.Length];
        FillTable(table);
        fixed (byte* codes = _codes)
        fixed (float* values = target) new CodedRows(_packing, table, codes, Columns).Expand(LaneWidths.Widest, first, end, values);
    }

    private protected override unsafe void MultiplyRows(LaneWidth width, float* vector, int first, int end, float* product)
    {
        float* table = stackalloc float[ValuesInMemory.Length];
        FillTable(table);
        fixed (byte* codes = _codes) new CodedRows(_packing, table, codes, Columns).Multiply(width, _values.Length, vector, first, end, product);
    }

    // Values of a few rows at a time, made anew for each panel: next to the products that they are in, they cost little.
    private protected override unsafe void MultiplyPanel(LaneWidth width, float* panel, int panelWidth, int first, int end, float* products)
    {
        float* table = stackalloc float[ValuesInMemory.Length];
        FillTable(table);
        float[] expanded = ArrayPool<float>.Shared.Rent((end - first) * Columns);
        fixed (byte* codes = _codes)
        fixed (float* values = expanded)
        {
            new CodedRows(_packing, table, codes, Columns).Expand(width, first, end, values);
            DenseRows.Multiply(width, panel, panelWidth, values, end - first, Columns, products);
        }

        ArrayPool<float>.Shared.Return(expanded);
    }

    // Repeated with the period of the codes, so that bits of the next code do not matter.
    private unsafe void FillTable(float* table)
    {
        int period = _packing.IsTernary ? 4 : _packing.CodeCount;
        for (int i = 0; i < ValuesInMemory.Length; i++) table[i] = i % period < _values.Length ? _values[i % period] : 0;
    }
}
