using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>
/// The inner kernel of the matrix product: a tile of up to 12 x 32 results is held in registers while one column of the left
/// operand and one row of the right operand are read at each step of the depth.
/// </summary>
/// <remarks>
/// Each result is a chain of multiply-adds in the order of the depth, then one addition to what was there, whatever the width
/// of the vectors and the shape of the tile: how a product is cut into tiles does not show in its results.
/// </remarks>
internal static unsafe class ProductTile
{
    /// <summary>Rows of the tallest tile.</summary>
    public const int MaxRows = 12;

    /// <summary>Columns of a panel of the right operand.</summary>
    public const int PanelColumns = 32;

    private const int HalfPanel = PanelColumns / 2;

    // A panel comes from the second-level cache: what is asked for this early is there when its step comes.
    private const int StepsAhead = 12;

    /// <summary>
    /// <c>c[rows, columns] (+)= a[depth, rows]^T b[depth, columns]</c>, <c>a</c> packed with <c>rows</c> values a step.
    /// The last argument, which may be null, says what is done to the results before they are written. Writes whole vectors: up to <see cref="PanelColumns"/> columns may be written where fewer are asked for.
    /// </summary>
    public static delegate*<int, float*, PanelView*, float*, nint, int, bool, TileFinish*, void> For(VectorWidth width, int rows, bool indexed) =>
        indexed ? For<Constant1>(width, rows) : For<Constant0>(width, rows);

    private static delegate*<int, float*, PanelView*, float*, nint, int, bool, TileFinish*, void> For<TIndexed>(VectorWidth width, int rows)
        where TIndexed : struct, IConstant => (width, rows) switch
        {
            (VectorWidth.Bits512, 12) => &Tiles<Vector512<float>, Vector512Lanes, Constant12, Constant12, TIndexed>,
            (VectorWidth.Bits512, 8) => &Tiles<Vector512<float>, Vector512Lanes, Constant8, Constant8, TIndexed>,
            (VectorWidth.Bits512, 4) => &Tiles<Vector512<float>, Vector512Lanes, Constant4, Constant4, TIndexed>,
            (VectorWidth.Bits256, 12) => &Tiles<Vector256<float>, Vector256Lanes, Constant6, Constant12, TIndexed>,
            (VectorWidth.Bits256, 8) => &Tiles<Vector256<float>, Vector256Lanes, Constant4, Constant8, TIndexed>,
            (VectorWidth.Bits256, 4) => &Tiles<Vector256<float>, Vector256Lanes, Constant4, Constant4, TIndexed>,
            (VectorWidth.Bits128, 12) => &Tiles<Vector128<float>, Vector128Lanes, Constant6, Constant12, TIndexed>,
            (VectorWidth.Bits128, 8) => &Tiles<Vector128<float>, Vector128Lanes, Constant4, Constant8, TIndexed>,
            (VectorWidth.Bits128, 4) => &Tiles<Vector128<float>, Vector128Lanes, Constant4, Constant4, TIndexed>,
            (VectorWidth.Scalar, 12) => &Tiles<float, ScalarLanes, Constant4, Constant12, TIndexed>,
            (VectorWidth.Scalar, 8) => &Tiles<float, ScalarLanes, Constant4, Constant8, TIndexed>,
            (VectorWidth.Scalar, 4) => &Tiles<float, ScalarLanes, Constant4, Constant4, TIndexed>,
            _ => throw new ArgumentOutOfRangeException(nameof(rows)),
        };

    /// <summary>Cuts the tile into what the registers of this width hold.</summary>
    private static void Tiles<TVector, TLanes, TRows, TPackedRows, TIndexed>(
        int depth, float* a, PanelView* b, float* c, nint cStride, int columns, bool accumulate, TileFinish* finish)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TRows : struct, IConstant
        where TPackedRows : struct, IConstant
        where TIndexed : struct, IConstant
    {
        for (int row = 0; row < TPackedRows.Value; row += TRows.Value)
        {
            for (int column = 0; column < columns; column += 2 * TLanes.Count)
            {
                float* result = c + row * cStride + column;
                if (columns - column > TLanes.Count)
                {
                    Tile<TVector, TLanes, TRows, TPackedRows, Constant2, TIndexed>(depth, a + row, *b, result, cStride, accumulate, finish, row, column);
                }
                else
                {
                    Tile<TVector, TLanes, TRows, TPackedRows, Constant1, TIndexed>(depth, a + row, *b, result, cStride, accumulate, finish, row, column);
                }
            }
        }
    }

    /// <summary>One tile in registers. The conditions are constants when this is compiled: rows that are not asked for cost nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TVector, TLanes, TRows, TPackedRows, TVectors, TIndexed>(
        int depth, float* a, in PanelView panel, float* c, nint cStride, bool accumulate, TileFinish* finish, int row, int column)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TRows : struct, IConstant
        where TPackedRows : struct, IConstant
        where TVectors : struct, IConstant
        where TIndexed : struct, IConstant
    {
        float* b = panel.Start + column;
        nint bStride = panel.Stride;
        int* offsets = panel.Offsets;
        nint next = TLanes.Count;
        if (TIndexed.Value > 0)
        {
            next = TLanes.Count == HalfPanel ? panel.SecondHalf : next;
            b += column < HalfPanel ? 0 : panel.SecondHalf - HalfPanel;
        }

        // Before the loop: a call while results are in registers would move them to memory.
        TileFinish end = finish is null ? default : finish->At(row, column, cStride);
        for (int i = 0; i < TRows.Value; i++)
        {
            CacheLines.PrefetchNear(c + i * cStride);
        }

        TVector zero = TLanes.Zero;
        TVector left0 = zero, right0 = zero;
        TVector left1 = zero, right1 = zero;
        TVector left2 = zero, right2 = zero;
        TVector left3 = zero, right3 = zero;
        TVector left4 = zero, right4 = zero;
        TVector left5 = zero, right5 = zero;
        TVector left6 = zero, right6 = zero;
        TVector left7 = zero, right7 = zero;
        TVector left8 = zero, right8 = zero;
        TVector left9 = zero, right9 = zero;
        TVector left10 = zero, right10 = zero;
        TVector left11 = zero, right11 = zero;

        for (int step = 0; step < depth; step++)
        {
            float* line = TIndexed.Value > 0 ? b + offsets[step] : b;
            if (TIndexed.Value == 0 && TLanes.Count == HalfPanel)
            {
                CacheLines.PrefetchNear(line + StepsAhead * bStride);
            }

            TVector left = TLanes.Load(line);
            TVector right = TVectors.Value > 1 ? TLanes.Load(TIndexed.Value > 0 ? line + next : line + TLanes.Count) : zero;
            TVector factor;
            factor = TLanes.Broadcast(a[0]);
            left0 = TLanes.MultiplyAdd(factor, left, left0);
            right0 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right0) : zero;
            factor = TLanes.Broadcast(a[1]);
            left1 = TLanes.MultiplyAdd(factor, left, left1);
            right1 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right1) : zero;
            factor = TLanes.Broadcast(a[2]);
            left2 = TLanes.MultiplyAdd(factor, left, left2);
            right2 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right2) : zero;
            factor = TLanes.Broadcast(a[3]);
            left3 = TLanes.MultiplyAdd(factor, left, left3);
            right3 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right3) : zero;
            if (TRows.Value > 4)
            {
                factor = TLanes.Broadcast(a[4]);
                left4 = TLanes.MultiplyAdd(factor, left, left4);
                right4 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right4) : zero;
                factor = TLanes.Broadcast(a[5]);
                left5 = TLanes.MultiplyAdd(factor, left, left5);
                right5 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right5) : zero;
            }

            if (TRows.Value > 6)
            {
                factor = TLanes.Broadcast(a[6]);
                left6 = TLanes.MultiplyAdd(factor, left, left6);
                right6 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right6) : zero;
                factor = TLanes.Broadcast(a[7]);
                left7 = TLanes.MultiplyAdd(factor, left, left7);
                right7 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right7) : zero;
            }

            if (TRows.Value > 8)
            {
                factor = TLanes.Broadcast(a[8]);
                left8 = TLanes.MultiplyAdd(factor, left, left8);
                right8 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right8) : zero;
                factor = TLanes.Broadcast(a[9]);
                left9 = TLanes.MultiplyAdd(factor, left, left9);
                right9 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right9) : zero;
                factor = TLanes.Broadcast(a[10]);
                left10 = TLanes.MultiplyAdd(factor, left, left10);
                right10 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right10) : zero;
                factor = TLanes.Broadcast(a[11]);
                left11 = TLanes.MultiplyAdd(factor, left, left11);
                right11 = TVectors.Value > 1 ? TLanes.MultiplyAdd(factor, right, right11) : zero;
            }

            a += TPackedRows.Value;
            b += TIndexed.Value > 0 ? 0 : bStride;
        }

        if (finish is null)
        {
            Write<TVector, TLanes, TVectors>(c, left0, right0, accumulate);
            Write<TVector, TLanes, TVectors>(c + cStride, left1, right1, accumulate);
            Write<TVector, TLanes, TVectors>(c + 2 * cStride, left2, right2, accumulate);
            Write<TVector, TLanes, TVectors>(c + 3 * cStride, left3, right3, accumulate);

            if (TRows.Value > 4)
            {
                Write<TVector, TLanes, TVectors>(c + 4 * cStride, left4, right4, accumulate);
                Write<TVector, TLanes, TVectors>(c + 5 * cStride, left5, right5, accumulate);
            }

            if (TRows.Value > 6)
            {
                Write<TVector, TLanes, TVectors>(c + 6 * cStride, left6, right6, accumulate);
                Write<TVector, TLanes, TVectors>(c + 7 * cStride, left7, right7, accumulate);
            }

            if (TRows.Value > 8)
            {
                Write<TVector, TLanes, TVectors>(c + 8 * cStride, left8, right8, accumulate);
                Write<TVector, TLanes, TVectors>(c + 9 * cStride, left9, right9, accumulate);
                Write<TVector, TLanes, TVectors>(c + 10 * cStride, left10, right10, accumulate);
                Write<TVector, TLanes, TVectors>(c + 11 * cStride, left11, right11, accumulate);
            }

            return;
        }

        end.Write<TVector, TLanes, TVectors>(0, c, left0, right0, accumulate);
        end.Write<TVector, TLanes, TVectors>(1, c + cStride, left1, right1, accumulate);
        end.Write<TVector, TLanes, TVectors>(2, c + 2 * cStride, left2, right2, accumulate);
        end.Write<TVector, TLanes, TVectors>(3, c + 3 * cStride, left3, right3, accumulate);

        if (TRows.Value > 4)
        {
            end.Write<TVector, TLanes, TVectors>(4, c + 4 * cStride, left4, right4, accumulate);
            end.Write<TVector, TLanes, TVectors>(5, c + 5 * cStride, left5, right5, accumulate);
        }

        if (TRows.Value > 6)
        {
            end.Write<TVector, TLanes, TVectors>(6, c + 6 * cStride, left6, right6, accumulate);
            end.Write<TVector, TLanes, TVectors>(7, c + 7 * cStride, left7, right7, accumulate);
        }

        if (TRows.Value > 8)
        {
            end.Write<TVector, TLanes, TVectors>(8, c + 8 * cStride, left8, right8, accumulate);
            end.Write<TVector, TLanes, TVectors>(9, c + 9 * cStride, left9, right9, accumulate);
            end.Write<TVector, TLanes, TVectors>(10, c + 10 * cStride, left10, right10, accumulate);
            end.Write<TVector, TLanes, TVectors>(11, c + 11 * cStride, left11, right11, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TVector, TLanes, TVectors>(float* c, TVector left, TVector right, bool accumulate)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TVectors : struct, IConstant
    {
        if (accumulate)
        {
            left = TLanes.Add(TLanes.Load(c), left);
            right = TVectors.Value > 1 ? TLanes.Add(TLanes.Load(c + TLanes.Count), right) : right;
        }

        TLanes.Store(left, c);
        if (TVectors.Value > 1)
        {
            TLanes.Store(right, c + TLanes.Count);
        }
    }
}
