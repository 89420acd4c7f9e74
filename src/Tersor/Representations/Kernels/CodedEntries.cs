using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Rows of entries in 16-bit words, column within a tile and code: products with a vector, and the entries apart.</summary>
internal readonly unsafe ref struct CodedEntries
{
    private const int Lanes = 16;

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
                product[row] = width < LaneWidth.Bits512 || !Avx512F.IsSupported ? MultiplyTiles(width >= LaneWidth.Bits256 && Avx2.IsSupported, all, own, vector, layout)
                    : _codeBits <= 4 ? Multiply512<SixteenValues>(all, words.Length, own, vector, layout)
                    : _codeBits == 5 ? Multiply512<ThirtyTwoValues>(all, words.Length, own, vector, layout)
                    : Multiply512<ValuesInMemory>(all, words.Length, own, vector, layout);
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
    private float Multiply512<TTable>(ushort* words, int readable, int* bounds, float* vector, TileLayout layout)
        where TTable : struct, IValueTable
    {
        Vector512<float> low = Vector512.Load(_table);
        Vector512<float> high = Vector512.Load(_table + Lanes);
        Vector512<int> codeMask = Vector512.Create((1 << _codeBits) - 1);
        int tileColumns = layout.TileColumns;
        Vector512<int> tileStep = Vector512.Create(tileColumns);
        Vector128<int> shift = Vector128.CreateScalar(_codeBits);
        Vector256<float> s0 = Vector256<float>.Zero, s1 = s0;
        float* table = _table;
        int at = bounds[0];
        int end = bounds[layout.TileCount];
        int* next = bounds + 1;
        for (; at + Lanes <= end; at += Lanes)
        {
            Vector512<int> entries = Avx512F.ConvertToVector512Int32(Vector256.Load(words + at));
            Vector512<float> weights = TTable.Look(typeof(TTable) == typeof(ValuesInMemory) ? entries & codeMask : entries, table, low, high);
            Vector512<int> columns = Avx512F.ShiftRightLogical(entries, shift);
            float* source = vector;
            for (; *next < at + Lanes; next++, vector += tileColumns) columns += Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(*next - at)) & tileStep;
            s0 = Vector256.MultiplyAddEstimate(weights.GetLower(), Avx2.GatherVector256(source, columns.GetLower(), sizeof(float)), s0);
            s1 = Vector256.MultiplyAddEstimate(weights.GetUpper(), Avx2.GatherVector256(source, columns.GetUpper(), sizeof(float)), s1);
        }

        if (at < end)
        {
            ushort* last = words + at;
            ushort* copy = stackalloc ushort[Lanes];
            if (at + Lanes > readable)
            {
                for (int i = 0; at + i < end; i++) copy[i] = last[i];
                last = copy;
            }

            // Lanes beyond the row's entries are neither read from the vector nor counted.
            Vector512<int> entries = Avx512F.ConvertToVector512Int32(Vector256.Load(last));
            Vector512<float> lanes = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(end - at)).AsSingle();
            Vector512<float> weights = TTable.Look(typeof(TTable) == typeof(ValuesInMemory) ? entries & codeMask : entries, table, low, high) & lanes;
            Vector512<int> columns = Avx512F.ShiftRightLogical(entries, shift);
            for (; *next < end; next++) columns += Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(*next - at)) & tileStep;
            s0 = Vector256.MultiplyAddEstimate(weights.GetLower(), Avx2.GatherMaskVector256(Vector256<float>.Zero, vector, columns.GetLower(), lanes.GetLower(), sizeof(float)), s0);
            s1 = Vector256.MultiplyAddEstimate(weights.GetUpper(), Avx2.GatherMaskVector256(Vector256<float>.Zero, vector, columns.GetUpper(), lanes.GetUpper(), sizeof(float)), s1);
        }

        return Vector256.Sum(s0 + s1);
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
        Vector256<float> sum = Vector256<float>.Zero;
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<int> entries = Indices.Eight(words + i);
            Vector256<float> weights = Avx2.GatherVector256(_table, entries & codeMask, sizeof(float));
            sum = Vector256.MultiplyAddEstimate(weights, Avx2.GatherVector256(vector, entries >>> _codeBits, sizeof(float)), sum);
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
