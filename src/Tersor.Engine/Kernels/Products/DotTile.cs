using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>
/// The inner kernel for operands whose depth is contiguous in both, <c>A B^T</c>: a tile of up to 4 x 6 inner products, each
/// summed in one vector along the depth. Nothing is packed.
/// </summary>
/// <remarks>How results are grouped into tiles does not show in them: each is summed in the same order in every tile.</remarks>
internal static unsafe class DotTile
{
    /// <summary>
    /// <c>c[i, j] = beta c[i, j] + scale * sum_k a[i, k] b[j, k]</c> for all rows of both operands; with <c>beta</c> zero,
    /// <c>c</c> is not read.
    /// </summary>
    public static void Products(
        VectorWidth width, int rows, int columns, int depth, float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, float scale, float beta) =>
        Run(width, rows, columns, depth, a, aStride, b, bStride, new Output { Result = c, Stride = cStride, Scale = scale, Beta = beta });

    /// <summary>
    /// Adds to partial sums, a vector for each inner product, which <see cref="Finish"/> adds up: for a depth that comes in
    /// pieces. With the first piece, the sums are written, not read.
    /// </summary>
    public static void Accumulate(
        VectorWidth width, int rows, int columns, int depth, float* a, nint aStride, float* b, nint bStride, float* sums, bool first) =>
        Run(width, rows, columns, depth, a, aStride, b, bStride, new Output { Sums = sums, Rows = rows, First = first });

    /// <summary>Values that partial sums take.</summary>
    public static long SumsLength(VectorWidth width, int rows, int columns) => (long)rows * columns * Lanes(width);

    /// <summary><c>c[i, j] (+)= sum</c> of the partial sums.</summary>
    public static void Finish(VectorWidth width, int rows, int columns, float* sums, float* c, nint cStride, bool accumulate)
    {
        int lanes = Lanes(width);
        for (int column = 0; column < columns; column++)
        {
            for (int row = 0; row < rows; row++, sums += lanes)
            {
                float sum = width switch
                {
                    VectorWidth.Bits512 => Vector512.Sum(Vector512.Load(sums)),
                    VectorWidth.Bits256 => Vector256.Sum(Vector256.Load(sums)),
                    VectorWidth.Bits128 => Vector128.Sum(Vector128.Load(sums)),
                    _ => *sums,
                };
                float* target = c + row * cStride + column;
                *target = accumulate ? *target + sum : sum;
            }
        }
    }

    private static int Lanes(VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => Vector512Lanes.Count,
        VectorWidth.Bits256 => Vector256Lanes.Count,
        VectorWidth.Bits128 => Vector128Lanes.Count,
        _ => 1,
    };

    private static void Run(VectorWidth width, int rows, int columns, int depth, float* a, nint aStride, float* b, nint bStride, in Output output)
    {
        switch (width)
        {
            case VectorWidth.Bits512:
                Grid<Vector512<float>, Vector512Lanes, Constant6>(rows, columns, depth, a, aStride, b, bStride, output);
                break;
            case VectorWidth.Bits256:
                Grid<Vector256<float>, Vector256Lanes, Constant3>(rows, columns, depth, a, aStride, b, bStride, output);
                break;
            case VectorWidth.Bits128:
                Grid<Vector128<float>, Vector128Lanes, Constant3>(rows, columns, depth, a, aStride, b, bStride, output);
                break;
            default:
                Grid<float, ScalarLanes, Constant3>(rows, columns, depth, a, aStride, b, bStride, output);
                break;
        }
    }

    /// <summary>Columns outside, so that their values stay in the cache while all rows pass.</summary>
    private static void Grid<TVector, TLanes, TColumns>(
        int rows, int columns, int depth, float* a, nint aStride, float* b, nint bStride, in Output output)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TColumns : struct, IConstant
    {
        int column = 0;
        for (; column + TColumns.Value <= columns; column += TColumns.Value)
        {
            Column<TVector, TLanes, TColumns>(rows, column, depth, a, aStride, b + column * bStride, bStride, output);
        }

        for (; column + 3 <= columns; column += 3)
        {
            Column<TVector, TLanes, Constant3>(rows, column, depth, a, aStride, b + column * bStride, bStride, output);
        }

        for (; column < columns; column++)
        {
            Column<TVector, TLanes, Constant1>(rows, column, depth, a, aStride, b + column * bStride, bStride, output);
        }
    }

    private static void Column<TVector, TLanes, TColumns>(
        int rows, int column, int depth, float* a, nint aStride, float* b, nint bStride, in Output output)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TColumns : struct, IConstant
    {
        int row = 0;
        for (; row + 4 <= rows; row += 4)
        {
            Tile<TVector, TLanes, Constant4, TColumns>(row, column, depth, a + row * aStride, aStride, b, bStride, output);
        }

        for (; row < rows; row++)
        {
            Tile<TVector, TLanes, Constant1, TColumns>(row, column, depth, a + row * aStride, aStride, b, bStride, output);
        }
    }

    /// <summary>One tile in registers. The conditions are constants when this is compiled.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TVector, TLanes, TRows, TColumns>(
        int row, int column, int depth, float* a, nint aStride, float* b, nint bStride, in Output output)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TRows : struct, IConstant
        where TColumns : struct, IConstant
    {
        // What is left of each row, filled with zeros to a vector, is one more step. It is made before the loop: a call inside
        // would cost the sums their registers.
        float* tile = stackalloc float[24 * TLanes.Count];
        int rest = depth % TLanes.Count;
        int whole = depth / TLanes.Count;
        for (int i = 0; rest > 0 && i < TRows.Value; i++)
        {
            CopyEnd<TVector, TLanes>(a + i * aStride + whole * TLanes.Count, rest, depth, tile + i * TLanes.Count);
        }

        for (int j = 0; rest > 0 && j < TColumns.Value; j++)
        {
            CopyEnd<TVector, TLanes>(b + j * bStride + whole * TLanes.Count, rest, depth, tile + (4 + j) * TLanes.Count);
        }

        TVector zero = TLanes.Zero;
        TVector s00 = zero, s01 = zero, s02 = zero, s03 = zero, s04 = zero, s05 = zero;
        TVector s10 = zero, s11 = zero, s12 = zero, s13 = zero, s14 = zero, s15 = zero;
        TVector s20 = zero, s21 = zero, s22 = zero, s23 = zero, s24 = zero, s25 = zero;
        TVector s30 = zero, s31 = zero, s32 = zero, s33 = zero, s34 = zero, s35 = zero;
        float* b3 = b + 3 * bStride;
        int steps = rest > 0 ? whole + 1 : whole;
        for (int at = 0; at < steps; at++)
        {
            if (at == whole)
            {
                a = tile;
                aStride = TLanes.Count;
                b = tile + 4 * TLanes.Count;
                bStride = TLanes.Count;
                b3 = b + 3 * TLanes.Count;
            }

            TVector a0 = TLanes.Load(a);
            TVector a1 = zero, a2 = zero, a3 = zero;
            if (TRows.Value > 1)
            {
                a1 = TLanes.Load(a + aStride);
                a2 = TLanes.Load(a + 2 * aStride);
                a3 = TLanes.Load(a + 3 * aStride);
            }

            TVector factor = TLanes.Load(b);
            s00 = TLanes.MultiplyAdd(a0, factor, s00);
            if (TRows.Value > 1)
            {
                s10 = TLanes.MultiplyAdd(a1, factor, s10);
                s20 = TLanes.MultiplyAdd(a2, factor, s20);
                s30 = TLanes.MultiplyAdd(a3, factor, s30);
            }

            if (TColumns.Value > 1)
            {
                factor = TLanes.Load(b + bStride);
                s01 = TLanes.MultiplyAdd(a0, factor, s01);
                if (TRows.Value > 1)
                {
                    s11 = TLanes.MultiplyAdd(a1, factor, s11);
                    s21 = TLanes.MultiplyAdd(a2, factor, s21);
                    s31 = TLanes.MultiplyAdd(a3, factor, s31);
                }

                factor = TLanes.Load(b + 2 * bStride);
                s02 = TLanes.MultiplyAdd(a0, factor, s02);
                if (TRows.Value > 1)
                {
                    s12 = TLanes.MultiplyAdd(a1, factor, s12);
                    s22 = TLanes.MultiplyAdd(a2, factor, s22);
                    s32 = TLanes.MultiplyAdd(a3, factor, s32);
                }
            }

            if (TColumns.Value > 3)
            {
                factor = TLanes.Load(b3);
                s03 = TLanes.MultiplyAdd(a0, factor, s03);
                if (TRows.Value > 1)
                {
                    s13 = TLanes.MultiplyAdd(a1, factor, s13);
                    s23 = TLanes.MultiplyAdd(a2, factor, s23);
                    s33 = TLanes.MultiplyAdd(a3, factor, s33);
                }

                factor = TLanes.Load(b3 + bStride);
                s04 = TLanes.MultiplyAdd(a0, factor, s04);
                if (TRows.Value > 1)
                {
                    s14 = TLanes.MultiplyAdd(a1, factor, s14);
                    s24 = TLanes.MultiplyAdd(a2, factor, s24);
                    s34 = TLanes.MultiplyAdd(a3, factor, s34);
                }

                factor = TLanes.Load(b3 + 2 * bStride);
                s05 = TLanes.MultiplyAdd(a0, factor, s05);
                if (TRows.Value > 1)
                {
                    s15 = TLanes.MultiplyAdd(a1, factor, s15);
                    s25 = TLanes.MultiplyAdd(a2, factor, s25);
                    s35 = TLanes.MultiplyAdd(a3, factor, s35);
                }
            }

            a += TLanes.Count;
            b += TLanes.Count;
            b3 += TLanes.Count;
        }

        Keep<TVector, TLanes, TColumns>(tile, s00, s01, s02, s03, s04, s05);
        if (TRows.Value > 1)
        {
            Keep<TVector, TLanes, TColumns>(tile + 6 * TLanes.Count, s10, s11, s12, s13, s14, s15);
            Keep<TVector, TLanes, TColumns>(tile + 12 * TLanes.Count, s20, s21, s22, s23, s24, s25);
            Keep<TVector, TLanes, TColumns>(tile + 18 * TLanes.Count, s30, s31, s32, s33, s34, s35);
        }

        output.Write<TVector, TLanes>(tile, row, column, TRows.Value, TColumns.Value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep<TVector, TLanes, TColumns>(float* tile, TVector s0, TVector s1, TVector s2, TVector s3, TVector s4, TVector s5)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TColumns : struct, IConstant
    {
        TLanes.Store(s0, tile);
        if (TColumns.Value > 1)
        {
            TLanes.Store(s1, tile + TLanes.Count);
            TLanes.Store(s2, tile + 2 * TLanes.Count);
        }

        if (TColumns.Value > 3)
        {
            TLanes.Store(s3, tile + 3 * TLanes.Count);
            TLanes.Store(s4, tile + 4 * TLanes.Count);
            TLanes.Store(s5, tile + 5 * TLanes.Count);
        }
    }

    /// <summary>Copies what is left of a row and zeros to a vector.</summary>
    private static void CopyEnd<TVector, TLanes>(float* source, int rest, int depth, float* target)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        if (depth >= TLanes.Count)
        {
            TLanes.Store(TLanes.LoadLast(source + rest, rest), target);
            return;
        }

        for (int i = 0; i < TLanes.Count; i++)
        {
            target[i] = i < rest ? source[i] : 0f;
        }
    }

    /// <summary>Where inner products go: added up to a matrix, or as vectors to partial sums.</summary>
    private struct Output
    {
        public float* Result;
        public nint Stride;
        public float Scale;
        public float Beta;

        /// <summary>Partial sums, column by column, or null.</summary>
        public float* Sums;

        public int Rows;
        public bool First;

        /// <summary>Takes a tile of vectors, six to a row. Not inlined: the tile's loop would lose its registers to it.</summary>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Write<TVector, TLanes>(float* tile, int row, int column, int rows, int columns)
            where TVector : unmanaged
            where TLanes : struct, ILanes<TVector>
        {
            for (int j = 0; j < columns; j++)
            {
                for (int i = 0; i < rows; i++)
                {
                    TVector sum = TLanes.Load(tile + (6 * i + j) * TLanes.Count);
                    if (Sums is not null)
                    {
                        float* partial = Sums + ((nint)(column + j) * Rows + row + i) * TLanes.Count;
                        TLanes.Store(First ? sum : TLanes.Add(TLanes.Load(partial), sum), partial);
                        continue;
                    }

                    float value = Scale * TLanes.Sum(sum);
                    float* target = Result + (row + i) * Stride + column + j;
                    *target = Beta == 0f ? value : Beta * *target + value;
                }
            }
        }
    }
}
