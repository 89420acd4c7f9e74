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

    /// <summary>The product of a row's entries in all tiles with a vector.</summary>
    /// <param name="width">Vector width.</param>
    /// <param name="words">The entries of all rows.</param>
    /// <param name="bounds">Where the entries of each tile of the row start, and the end of the last.</param>
    /// <param name="vector">A value for each column.</param>
    /// <param name="tileColumns">Columns of a tile.</param>
    public float Multiply(LaneWidth width, ReadOnlySpan<ushort> words, ReadOnlySpan<int> bounds, float* vector, int tileColumns)
    {
        fixed (ushort* all = words)
        {
            if (width == LaneWidth.Bits512 && Avx512F.IsSupported)
            {
                if (_codeBits <= 4) return Multiply512<SixteenValues>(all, words.Length, bounds, vector, tileColumns);
                return _codeBits == 5 ? Multiply512<ThirtyTwoValues>(all, words.Length, bounds, vector, tileColumns) : Multiply512<ValuesInMemory>(all, words.Length, bounds, vector, tileColumns);
            }

            bool gathers = width >= LaneWidth.Bits256 && Avx2.IsSupported;
            float sum = 0;
            for (int tile = 0; tile + 1 < bounds.Length; tile++, vector += tileColumns)
                sum += gathers ? Multiply256(all + bounds[tile], bounds[tile + 1] - bounds[tile], vector) : MultiplyScalar(all + bounds[tile], bounds[tile + 1] - bounds[tile], vector);
            return sum;
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    private float Multiply512<TTable>(ushort* words, int readable, ReadOnlySpan<int> bounds, float* vector, int tileColumns)
        where TTable : struct, IValueTable
    {
        Vector512<float> low = Vector512.Load(_table);
        Vector512<float> high = Vector512.Load(_table + Lanes);
        Vector512<int> codeMask = Vector512.Create((1 << _codeBits) - 1);
        Vector128<int> shift = Vector128.CreateScalar(_codeBits);
        Vector256<float> s0 = Vector256<float>.Zero, s1 = s0;
        ushort* last = stackalloc ushort[Lanes];
        float* table = _table;
        for (int tile = 0; tile + 1 < bounds.Length; tile++, vector += tileColumns)
        {
            int at = bounds[tile];
            int end = bounds[tile + 1];
            for (; at + Lanes <= end; at += Lanes)
            {
                Vector512<int> entries = Avx512F.ConvertToVector512Int32(Vector256.Load(words + at));
                Vector512<float> weights = TTable.Look(typeof(TTable) == typeof(ValuesInMemory) ? entries & codeMask : entries, table, low, high);
                Vector512<int> columns = Avx512F.ShiftRightLogical(entries, shift);
                s0 = Vector256.MultiplyAddEstimate(weights.GetLower(), Avx2.GatherVector256(vector, columns.GetLower(), sizeof(float)), s0);
                s1 = Vector256.MultiplyAddEstimate(weights.GetUpper(), Avx2.GatherVector256(vector, columns.GetUpper(), sizeof(float)), s1);
            }

            if (at == end) continue;
            ushort* source = words + at;
            if (at + Lanes > readable)
            {
                for (int i = 0; at + i < end; i++) last[i] = source[i];
                source = last;
            }

            // Lanes beyond the tile's entries are neither read from the vector nor counted.
            Vector512<int> rest = Avx512F.ConvertToVector512Int32(Vector256.Load(source));
            Vector512<float> lanes = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(end - at)).AsSingle();
            Vector512<float> restWeights = TTable.Look(typeof(TTable) == typeof(ValuesInMemory) ? rest & codeMask : rest, table, low, high) & lanes;
            Vector512<int> restColumns = Avx512F.ShiftRightLogical(rest, shift);
            s0 = Vector256.MultiplyAddEstimate(restWeights.GetLower(), Avx2.GatherMaskVector256(Vector256<float>.Zero, vector, restColumns.GetLower(), lanes.GetLower(), sizeof(float)), s0);
            if (end - at > 8) s1 = Vector256.MultiplyAddEstimate(restWeights.GetUpper(), Avx2.GatherMaskVector256(Vector256<float>.Zero, vector, restColumns.GetUpper(), lanes.GetUpper(), sizeof(float)), s1);
        }

        return Vector256.Sum(s0 + s1);
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
