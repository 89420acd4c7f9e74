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
        VectorWidth width, int rows, int columns, int depth, float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, float scale, float beta)
    {
        var output = new Output(c, cStride, scale, beta);
        switch (width)
        {
            case VectorWidth.Bits512 when depth >= Vector512Lanes.Count:
                Grid<Vector512<float>, Vector512Lanes, Constant6>(rows, columns, depth, a, aStride, b, bStride, output);
                break;
            case VectorWidth.Bits512 or VectorWidth.Bits256 when depth >= Vector256Lanes.Count:
                Grid<Vector256<float>, Vector256Lanes, Constant3>(rows, columns, depth, a, aStride, b, bStride, output);
                break;
            case not VectorWidth.Scalar when depth >= Vector128Lanes.Count:
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
    private static void Tile<TVector, TLanes, TRows, TColumns>(
        int row, int column, int depth, float* a, nint aStride, float* b, nint bStride, in Output output)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TRows : struct, IConstant
        where TColumns : struct, IConstant
    {
        TVector zero = TLanes.Zero;
        TVector s00 = zero, s01 = zero, s02 = zero, s03 = zero, s04 = zero, s05 = zero;
        TVector s10 = zero, s11 = zero, s12 = zero, s13 = zero, s14 = zero, s15 = zero;
        TVector s20 = zero, s21 = zero, s22 = zero, s23 = zero, s24 = zero, s25 = zero;
        TVector s30 = zero, s31 = zero, s32 = zero, s33 = zero, s34 = zero, s35 = zero;
        float* b3 = b + 3 * bStride;
        float* ends = stackalloc float[10 * TLanes.Count];
        int rest = depth % TLanes.Count;
        int steps = depth / TLanes.Count;
        while (true)
        {
            for (; steps > 0; steps--)
            {
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

            if (rest == 0)
            {
                break;
            }

            // What is left of each row, filled with zeros to a vector, is one more step.
            for (int i = 0; i < TRows.Value; i++)
            {
                TLanes.Store(TLanes.LoadLast(a + i * aStride + rest, rest), ends + i * TLanes.Count);
            }

            for (int j = 0; j < TColumns.Value; j++)
            {
                TLanes.Store(TLanes.LoadLast(b + j * bStride + rest, rest), ends + (4 + j) * TLanes.Count);
            }

            a = ends;
            aStride = TLanes.Count;
            b = ends + 4 * TLanes.Count;
            bStride = TLanes.Count;
            b3 = b + 3 * bStride;
            steps = 1;
            rest = 0;
        }

        Write<TVector, TLanes, TColumns>(row, column, s00, s01, s02, s03, s04, s05, output);
        if (TRows.Value > 1)
        {
            Write<TVector, TLanes, TColumns>(row + 1, column, s10, s11, s12, s13, s14, s15, output);
            Write<TVector, TLanes, TColumns>(row + 2, column, s20, s21, s22, s23, s24, s25, output);
            Write<TVector, TLanes, TColumns>(row + 3, column, s30, s31, s32, s33, s34, s35, output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TVector, TLanes, TColumns>(
        int row, int column, TVector s0, TVector s1, TVector s2, TVector s3, TVector s4, TVector s5, in Output output)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TColumns : struct, IConstant
    {
        output.Write(row, column, TLanes.Sum(s0));
        if (TColumns.Value > 1)
        {
            output.Write(row, column + 1, TLanes.Sum(s1));
            output.Write(row, column + 2, TLanes.Sum(s2));
        }

        if (TColumns.Value > 3)
        {
            output.Write(row, column + 3, TLanes.Sum(s3));
            output.Write(row, column + 4, TLanes.Sum(s4));
            output.Write(row, column + 5, TLanes.Sum(s5));
        }
    }

    private readonly struct Output(float* c, nint stride, float scale, float beta)
    {
        public void Write(int row, int column, float sum)
        {
            float* target = c + row * stride + column;
            *target = beta == 0f ? scale * sum : beta * *target + scale * sum;
        }
    }
}
