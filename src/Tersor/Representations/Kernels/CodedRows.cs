using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Rows of packed codes: their products with a vector, and their values.</summary>
internal readonly unsafe ref struct CodedRows
{
    // Bytes: beyond the caches, lines that are not asked for early come too late.
    private const int Ahead = 2048;

    private readonly CodePacking _packing;
    private readonly float* _table;
    private readonly byte* _codes;
    private readonly int _columns;
    private readonly int _rowBytes;

    /// <summary>Looks at a coded matrix.</summary>
    /// <param name="packing">How codes are packed.</param>
    /// <param name="table">256 values: the table, repeated.</param>
    /// <param name="codes">Bytes of all rows.</param>
    /// <param name="columns">Columns of a row.</param>
    public CodedRows(CodePacking packing, float* table, byte* codes, int columns)
    {
        _packing = packing;
        _table = table;
        _codes = codes;
        _columns = columns;
        _rowBytes = packing.RowBytes(columns);
    }

    /// <summary>Products of rows with a vector.</summary>
    /// <param name="width">Vector width.</param>
    /// <param name="valueCount">Values of the table that are not repetitions.</param>
    /// <param name="vector">A value for each column.</param>
    /// <param name="first">First row.</param>
    /// <param name="end">Row after the last.</param>
    /// <param name="product">A value for each row.</param>
    public void Multiply(LaneWidth width, int valueCount, float* vector, int first, int end, float* product)
    {
        // What is left beyond whole chunks, in lanes as its codes are, zero where there is none.
        float* rest = stackalloc float[CodePacking.ChunkBytes * 8];
        new Span<float>(rest, CodePacking.ChunkBytes * 8).Clear();
        int whole = _columns / _packing.ChunkColumns;
        int lanes = _rowBytes - (whole * CodePacking.ChunkBytes);
        for (int column = whole * _packing.ChunkColumns, i = 0; column < _columns; column++, i++) rest[(i / lanes * CodePacking.ChunkBytes) + (i % lanes)] = vector[column];
        if (width == LaneWidth.Bits512 && Avx512F.IsSupported)
        {
            switch (_packing.CodesPerByte)
            {
                case 8:
                    Multiply512<OneBitStep, SixteenValues>(vector, rest, first, end, product);
                    return;
                case 5:
                    Multiply512<TernaryStep, SixteenValues>(vector, rest, first, end, product);
                    return;
                case 4:
                    Multiply512<TwoBitStep, SixteenValues>(vector, rest, first, end, product);
                    return;
                case 2:
                    Multiply512<FourBitStep, SixteenValues>(vector, rest, first, end, product);
                    return;
                case 1 when valueCount <= 32:
                    Multiply512<ByteStep, ThirtyTwoValues>(vector, rest, first, end, product);
                    return;
                case 1 when BytePlanes.IsSupported:
                    MultiplyBytes(vector, first, end, product);
                    return;
                default:
                    Multiply512<ByteStep, ValuesInMemory>(vector, rest, first, end, product);
                    return;
            }
        }

        if (width >= LaneWidth.Bits256 && Avx2.IsSupported)
        {
            switch (_packing.CodesPerByte)
            {
                case 8:
                    Multiply256<OneBitStep>(vector, rest, first, end, product);
                    return;
                case 5:
                    Multiply256<TernaryStep>(vector, rest, first, end, product);
                    return;
                case 4:
                    Multiply256<TwoBitStep>(vector, rest, first, end, product);
                    return;
                case 2:
                    Multiply256<FourBitStep>(vector, rest, first, end, product);
                    return;
                default:
                    Multiply256<ByteStep>(vector, rest, first, end, product);
                    return;
            }
        }

        MultiplyScalar(vector, first, end, product);
    }

    /// <summary>Values of rows.</summary>
    /// <param name="width">Vector width.</param>
    /// <param name="first">First row.</param>
    /// <param name="end">Row after the last.</param>
    /// <param name="values">One for each column of each row.</param>
    public void Expand(LaneWidth width, int first, int end, float* values)
    {
        bool permutesBytes = width == LaneWidth.Bits512 && _packing.CodesPerByte == 1 && BytePlanes.IsSupported;
        byte* planes = stackalloc byte[BytePlanes.Length];
        if (permutesBytes) BytePlanes.Fill(_table, planes);
        for (int row = first; row < end; row++, values += _columns)
        {
            if (permutesBytes) ExpandBytes(row, planes, values);
            else Expand(width, row, values);
        }
    }

    private void Expand(LaneWidth width, int row, float* values)
    {
        if (width == LaneWidth.Bits512 && Avx512F.IsSupported)
        {
            switch (_packing.CodesPerByte)
            {
                case 8:
                    Expand512<OneBitStep, SixteenValues>(row, values);
                    return;
                case 5:
                    Expand512<TernaryStep, SixteenValues>(row, values);
                    return;
                case 4:
                    Expand512<TwoBitStep, SixteenValues>(row, values);
                    return;
                case 2:
                    Expand512<FourBitStep, SixteenValues>(row, values);
                    return;
                default:
                    Expand512<ByteStep, ValuesInMemory>(row, values);
                    return;
            }
        }

        ExpandScalar(row, 0, values);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Multiply512<TStep, TTable>(float* vector, float* rest, int first, int end, float* product)
        where TStep : struct, ICodeStep
        where TTable : struct, IValueTable
    {
        Vector512<float> low = Vector512.Load(_table);
        Vector512<float> high = Vector512.Load(_table + 16);
        int whole = _columns / _packing.ChunkColumns;
        int restBytes = _rowBytes - (whole * CodePacking.ChunkBytes);
        int chunks = restBytes > 0 ? whole + 1 : whole;
        int codesPerByte = _packing.CodesPerByte;
        byte* padded = stackalloc byte[4 * CodePacking.ChunkBytes];
        new Span<byte>(padded, 4 * CodePacking.ChunkBytes).Clear();
        for (int row = first; row < end; row += 4)
        {
            // Four rows share what is read of the vector; beyond the last one, it is computed again.
            int count = Math.Min(4, end - row);
            byte* codes0 = _codes + ((nint)row * _rowBytes);
            byte* codes1 = codes0 + (Math.Min(1, count - 1) * (nint)_rowBytes);
            byte* codes2 = codes0 + (Math.Min(2, count - 1) * (nint)_rowBytes);
            byte* codes3 = codes0 + (Math.Min(3, count - 1) * (nint)_rowBytes);
            for (int i = 0; i < restBytes; i++)
            {
                int at = (whole * CodePacking.ChunkBytes) + i;
                padded[i] = codes0[at];
                padded[CodePacking.ChunkBytes + i] = codes1[at];
                padded[(2 * CodePacking.ChunkBytes) + i] = codes2[at];
                padded[(3 * CodePacking.ChunkBytes) + i] = codes3[at];
            }

            Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
            float* x = vector;
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                if (chunk == whole)
                {
                    codes0 = padded;
                    codes1 = padded + CodePacking.ChunkBytes;
                    codes2 = padded + (2 * CodePacking.ChunkBytes);
                    codes3 = padded + (3 * CodePacking.ChunkBytes);
                    x = rest;
                }

                Vector512<int> packed0 = Avx512F.ConvertToVector512Int32(Vector128.Load(codes0));
                Vector512<int> packed1 = Avx512F.ConvertToVector512Int32(Vector128.Load(codes1));
                Vector512<int> packed2 = Avx512F.ConvertToVector512Int32(Vector128.Load(codes2));
                Vector512<int> packed3 = Avx512F.ConvertToVector512Int32(Vector128.Load(codes3));
                int left = codesPerByte;
                do
                {
                    Vector512<float> inputs = Vector512.Load(x);
                    s0 = Vector512.MultiplyAddEstimate(TTable.Look(TStep.Take(ref packed0), _table, low, high), inputs, s0);
                    s1 = Vector512.MultiplyAddEstimate(TTable.Look(TStep.Take(ref packed1), _table, low, high), inputs, s1);
                    s2 = Vector512.MultiplyAddEstimate(TTable.Look(TStep.Take(ref packed2), _table, low, high), inputs, s2);
                    s3 = Vector512.MultiplyAddEstimate(TTable.Look(TStep.Take(ref packed3), _table, low, high), inputs, s3);
                    x += CodePacking.ChunkBytes;
                    if (typeof(TStep) != typeof(FourBitStep)) continue;

                    // Two codes to a byte: the second one without a loop, so that bits are not shifted that nobody reads.
                    inputs = Vector512.Load(x);
                    s0 = Vector512.MultiplyAddEstimate(TTable.Look(TStep.Take(ref packed0), _table, low, high), inputs, s0);
                    s1 = Vector512.MultiplyAddEstimate(TTable.Look(TStep.Take(ref packed1), _table, low, high), inputs, s1);
                    s2 = Vector512.MultiplyAddEstimate(TTable.Look(TStep.Take(ref packed2), _table, low, high), inputs, s2);
                    s3 = Vector512.MultiplyAddEstimate(TTable.Look(TStep.Take(ref packed3), _table, low, high), inputs, s3);
                    x += CodePacking.ChunkBytes;
                    break;
                }
                while (--left > 0);

                codes0 += CodePacking.ChunkBytes;
                codes1 += CodePacking.ChunkBytes;
                codes2 += CodePacking.ChunkBytes;
                codes3 += CodePacking.ChunkBytes;
            }

            *product++ = Vector512.Sum(s0);
            if (count > 1) *product++ = Vector512.Sum(s1);
            if (count > 2) *product++ = Vector512.Sum(s2);
            if (count > 3) *product++ = Vector512.Sum(s3);
        }
    }

    // Sixty-four codes at once, whose values are permuted bytes.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MultiplyBytes(float* vector, int first, int end, float* product)
    {
        byte* planes = stackalloc byte[BytePlanes.Length];
        BytePlanes.Fill(_table, planes);
        int whole = _columns - (_columns % BytePlanes.Lanes);

        // What is left beyond whole vectors: of lanes that there are not, neither codes nor inputs are read, and no value counts.
        Vector512<byte> left = Vector512.LessThan(Vector512<byte>.Indices, Vector512.Create((byte)(_columns - whole)));
        (Vector512<float> m0, Vector512<float> m1, Vector512<float> m2, Vector512<float> m3) = (LeftFrom(whole), LeftFrom(whole + 16), LeftFrom(whole + 32), LeftFrom(whole + 48));
        for (int row = first; row < end; row++)
        {
            byte* codes = _codes + ((nint)row * _rowBytes);
            Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (int column = 0; column < whole; column += BytePlanes.Lanes)
            {
                float* x = vector + column;
                Sse.Prefetch1(codes + column + Ahead);
                BytePlanes.Look(planes, Vector512.Load(codes + column), out Vector512<float> v0, out Vector512<float> v1, out Vector512<float> v2, out Vector512<float> v3);
                s0 = Vector512.MultiplyAddEstimate(v0, Vector512.Load(x), s0);
                s1 = Vector512.MultiplyAddEstimate(v1, Vector512.Load(x + 16), s1);
                s2 = Vector512.MultiplyAddEstimate(v2, Vector512.Load(x + 32), s2);
                s3 = Vector512.MultiplyAddEstimate(v3, Vector512.Load(x + 48), s3);
            }

            if (whole < _columns)
            {
                float* x = vector + whole;
                Vector512<byte> last = Avx512BW.MaskLoad(codes + whole, left, Vector512<byte>.Zero);
                BytePlanes.Look(planes, last, out Vector512<float> v0, out Vector512<float> v1, out Vector512<float> v2, out Vector512<float> v3);
                s0 = Vector512.MultiplyAddEstimate(v0 & m0, Avx512F.MaskLoad(x, m0, Vector512<float>.Zero), s0);
                s1 = Vector512.MultiplyAddEstimate(v1 & m1, Avx512F.MaskLoad(x + 16, m1, Vector512<float>.Zero), s1);
                s2 = Vector512.MultiplyAddEstimate(v2 & m2, Avx512F.MaskLoad(x + 32, m2, Vector512<float>.Zero), s2);
                s3 = Vector512.MultiplyAddEstimate(v3 & m3, Avx512F.MaskLoad(x + 48, m3, Vector512<float>.Zero), s3);
            }

            *product++ = Vector512.Sum(s0 + s1 + (s2 + s3));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Multiply256<TStep>(float* vector, float* rest, int first, int end, float* product)
        where TStep : struct, ICodeStep
    {
        int whole = _columns / _packing.ChunkColumns;
        int restBytes = _rowBytes - (whole * CodePacking.ChunkBytes);
        int chunks = restBytes > 0 ? whole + 1 : whole;
        int codesPerByte = _packing.CodesPerByte;
        byte* padded = stackalloc byte[CodePacking.ChunkBytes];
        new Span<byte>(padded, CodePacking.ChunkBytes).Clear();
        for (int row = first; row < end; row++)
        {
            byte* codes = _codes + ((nint)row * _rowBytes);
            for (int i = 0; i < restBytes; i++) padded[i] = codes[(whole * CodePacking.ChunkBytes) + i];
            Vector256<float> s0 = Vector256<float>.Zero, s1 = s0;
            float* x = vector;
            for (int chunk = 0; chunk < chunks; chunk++, codes += CodePacking.ChunkBytes)
            {
                if (chunk == whole)
                {
                    codes = padded;
                    x = rest;
                }

                Vector256<int> packed0 = Avx2.ConvertToVector256Int32(codes);
                Vector256<int> packed1 = Avx2.ConvertToVector256Int32(codes + 8);
                for (int s = 0; s < codesPerByte; s++, x += CodePacking.ChunkBytes)
                {
                    s0 = Vector256.MultiplyAddEstimate(Avx2.GatherVector256(_table, TStep.Take(ref packed0), sizeof(float)), Vector256.Load(x), s0);
                    s1 = Vector256.MultiplyAddEstimate(Avx2.GatherVector256(_table, TStep.Take(ref packed1), sizeof(float)), Vector256.Load(x + 8), s1);
                }
            }

            *product++ = Vector256.Sum(s0 + s1);
        }
    }

    private void MultiplyScalar(float* vector, int first, int end, float* product)
    {
        Span<byte> codes = stackalloc byte[CodePacking.ChunkBytes * 8];
        for (int row = first; row < end; row++)
        {
            float sum = 0;
            for (int column = 0, at = row * _rowBytes; column < _columns; at += CodePacking.ChunkBytes)
            {
                Span<byte> chunk = codes[..Math.Min(_packing.ChunkColumns, _columns - column)];
                _packing.Unpack(new ReadOnlySpan<byte>(_codes + at, _packing.RowBytes(chunk.Length)), chunk);
                foreach (byte code in chunk) sum += _table[code] * vector[column++];
            }

            *product++ = sum;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Expand512<TStep, TTable>(int row, float* values)
        where TStep : struct, ICodeStep
        where TTable : struct, IValueTable
    {
        Vector512<float> low = Vector512.Load(_table);
        Vector512<float> high = Vector512.Load(_table + 16);
        int whole = _columns / _packing.ChunkColumns;
        byte* codes = _codes + ((nint)row * _rowBytes);
        float* target = values;
        for (int chunk = 0; chunk < whole; chunk++, codes += CodePacking.ChunkBytes)
        {
            Vector512<int> packed = Avx512F.ConvertToVector512Int32(Vector128.Load(codes));
            for (int s = 0; s < _packing.CodesPerByte; s++, target += CodePacking.ChunkBytes) TTable.Look(TStep.Take(ref packed), _table, low, high).Store(target);
        }

        ExpandScalar(row, whole, values);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ExpandBytes(int row, byte* planes, float* values)
    {
        byte* codes = _codes + ((nint)row * _rowBytes);
        int column = 0;
        for (; column + BytePlanes.Lanes <= _columns; column += BytePlanes.Lanes)
        {
            BytePlanes.Look(planes, Vector512.Load(codes + column), out Vector512<float> v0, out Vector512<float> v1, out Vector512<float> v2, out Vector512<float> v3);
            v0.Store(values + column);
            v1.Store(values + column + 16);
            v2.Store(values + column + 32);
            v3.Store(values + column + 48);
        }

        for (; column < _columns; column++) values[column] = _table[codes[column]];
    }

    private Vector512<float> LeftFrom(int column) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(_columns - column)).AsSingle();

    private void ExpandScalar(int row, int fromChunk, float* values)
    {
        Span<byte> codes = stackalloc byte[CodePacking.ChunkBytes * 8];
        for (int column = fromChunk * _packing.ChunkColumns, at = (row * _rowBytes) + (fromChunk * CodePacking.ChunkBytes); column < _columns; at += CodePacking.ChunkBytes)
        {
            Span<byte> chunk = codes[..Math.Min(_packing.ChunkColumns, _columns - column)];
            _packing.Unpack(new ReadOnlySpan<byte>(_codes + at, _packing.RowBytes(chunk.Length)), chunk);
            foreach (byte code in chunk) values[column++] = _table[code];
        }
    }
}
