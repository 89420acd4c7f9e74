using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Rows of entries in 16-bit words, column within a tile and code: products with a vector, and the entries apart.</summary>
internal readonly unsafe ref struct CodedEntries
{
    private const int Lanes = 16;
    private const int HalfLanes = Lanes / 2;

    // Words: beyond the caches, lines that are not asked for early come too late.
    private const int Ahead = 1024;

    private readonly int _codeBits;
    private readonly float* _table;

    /// <summary>Looks at words.</summary>
    /// <param name="codeBits">Low bits of a word that are the code.</param>
    /// <param name="table">256 values: those of the codes, repeated.</param>
    public CodedEntries(int codeBits, float* table)
    {
        _codeBits = codeBits;
        _table = table;
    }

    private WordField ColumnField => new(_codeBits, 16 - _codeBits);

    private WordField CodeField => new(0, _codeBits);

    /// <summary>The products of rows with a vector.</summary>
    /// <param name="width">Vector width.</param>
    /// <param name="words">The entries of all rows.</param>
    /// <param name="bounds">Where the entries of each tile of each row start, and the end of the last.</param>
    /// <param name="vector">A value for each column.</param>
    /// <param name="layout">How rows are cut into tiles.</param>
    /// <param name="product">A value for each row.</param>
    public void Multiply(LaneWidth width, ReadOnlySpan<ushort> words, ReadOnlySpan<int> bounds, float* vector, TileLayout layout, Span<float> product)
    {
        fixed (ushort* all = words)
        fixed (int* starts = bounds)
        {
            for (int row = 0; row < product.Length; row++)
            {
                int* own = starts + (row * layout.TileCount);
                product[row] = width < LaneWidth.Bits512 || !Avx512BW.VL.IsSupported ? MultiplyTiles(width >= LaneWidth.Bits256 && Avx2.IsSupported, all, own, vector, layout)
                    : _codeBits <= 4 ? Multiply512<SixteenValues>(all, own, vector, layout)
                    : _codeBits == 5 ? Multiply512<ThirtyTwoValues>(all, own, vector, layout)
                    : Multiply512<ValuesInMemory>(all, own, vector, layout);
            }
        }
    }

    /// <summary>Takes the entries of one tile apart.</summary>
    /// <param name="words">The entries.</param>
    /// <param name="firstColumn">First column of the tile.</param>
    /// <param name="columns">Their columns.</param>
    /// <param name="weights">Their values.</param>
    public void Expand(ReadOnlySpan<ushort> words, int firstColumn, Span<int> columns, Span<float> weights)
    {
        int mask = (1 << _codeBits) - 1;
        for (int i = 0; i < words.Length; i++)
        {
            columns[i] = firstColumn + (words[i] >> _codeBits);
            weights[i] = _table[words[i] & mask];
        }
    }

    // A row is one run of entries: where a tile ends within a vector, the lanes behind it read a tile further on.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private float Multiply512<TTable>(ushort* words, int* bounds, float* vector, TileLayout layout)
        where TTable : struct, IValueTable
    {
        Vector512<float> low = Vector512.Load(_table);
        Vector512<float> high = Vector512.Load(_table + Lanes);
        Vector512<int> codeMask = Vector512.Create((1 << _codeBits) - 1);
        int tileColumns = layout.TileColumns;
        Vector512<int> tileStep = Vector512.Create(tileColumns);
        Vector128<int> shift = Vector128.CreateScalar(_codeBits);
        WordField columnField = ColumnField, codeField = CodeField;
        Vector256<float> s0 = Vector256<float>.Zero, s1 = s0;
        float* table = _table;
        int at = bounds[0];
        int end = bounds[layout.TileCount];
        int* next = bounds + 1;
        while (true)
        {
            ushort* own = words + at;
            for (nint stop = (nint)(words + *next) - (Lanes * sizeof(ushort)); (nint)own <= stop; own += Lanes)
            {
                Sse.Prefetch1(own + Ahead);
                Vector512<int> entries = Avx512F.ConvertToVector512Int32(Vector256.Load(own));
                Vector512<float> weights;
                if (typeof(TTable) == typeof(ValuesInMemory))
                {
                    Vector512<int> codes = entries & codeMask;
                    weights = Vector512.Create(codeField.Gather(table, own, codes.GetLower()), codeField.Gather(table, own + HalfLanes, codes.GetUpper()));
                }
                else
                {
                    weights = TTable.Look(entries, table, low, high);
                }

                Vector512<int> columns = Avx512F.ShiftRightLogical(entries, shift);
                Vector256<float> x0 = columnField.Gather(vector, own, columns.GetLower());
                Vector256<float> x1 = columnField.Gather(vector, own + HalfLanes, columns.GetUpper());
                s0 = Vector256.MultiplyAddEstimate(weights.GetLower(), x0, s0);
                s1 = Vector256.MultiplyAddEstimate(weights.GetUpper(), x1, s1);
            }

            at = (int)(own - words);
            if (at >= end) return Vector256.Sum(s0 + s1);
            if (*next <= at)
            {
                next++;
                vector += tileColumns;
                continue;
            }

            // Lanes beyond the row's entries are neither read from the vector nor counted.
            ushort count = (ushort)Math.Min(end - at, Lanes);
            Vector256<ushort> last = Avx512BW.VL.MaskLoad(own, Vector256.LessThan(Vector256<ushort>.Indices, Vector256.Create(count)), Vector256<ushort>.Zero);
            Vector512<int> mixed = Avx512F.ConvertToVector512Int32(last);
            Vector512<float> lanes = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create((int)count)).AsSingle();
            Vector512<float> counted = TTable.Look(typeof(TTable) == typeof(ValuesInMemory) ? mixed & codeMask : mixed, table, low, high) & lanes;
            Vector512<int> places = Avx512F.ShiftRightLogical(mixed, shift);
            float* source = vector;
            for (int stop = Math.Min(at + Lanes, end); *next < stop; next++, vector += tileColumns) places += Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(*next - at)) & tileStep;
            s0 = Vector256.MultiplyAddEstimate(counted.GetLower(), Avx2.GatherMaskVector256(Vector256<float>.Zero, source, places.GetLower(), lanes.GetLower(), sizeof(float)), s0);
            s1 = Vector256.MultiplyAddEstimate(counted.GetUpper(), Avx2.GatherMaskVector256(Vector256<float>.Zero, source, places.GetUpper(), lanes.GetUpper(), sizeof(float)), s1);
            at += Lanes;
        }
    }

    private float MultiplyTiles(bool gathers, ushort* words, int* bounds, float* vector, TileLayout layout)
    {
        float sum = 0;
        for (int tile = 0; tile < layout.TileCount; tile++, vector += layout.TileColumns)
            sum += gathers ? Multiply256(words + bounds[tile], bounds[tile + 1] - bounds[tile], vector) : MultiplyScalar(words + bounds[tile], bounds[tile + 1] - bounds[tile], vector);
        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private float Multiply256(ushort* words, int count, float* vector)
    {
        Vector256<int> codeMask = Vector256.Create((1 << _codeBits) - 1);
        WordField columnField = ColumnField, codeField = CodeField;
        Vector256<float> sum = Vector256<float>.Zero;
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<int> entries = Indices.Eight(words + i);
            Vector256<float> weights = codeField.Gather(_table, words + i, entries & codeMask);
            sum = Vector256.MultiplyAddEstimate(weights, columnField.Gather(vector, words + i, entries >>> _codeBits), sum);
        }

        return Vector256.Sum(sum) + MultiplyScalar(words + i, count - i, vector);
    }

    private float MultiplyScalar(ushort* words, int count, float* vector)
    {
        float sum = 0;
        int mask = (1 << _codeBits) - 1;
        for (int i = 0; i < count; i++) sum += _table[words[i] & mask] * vector[words[i] >> _codeBits];
        return sum;
    }
}
