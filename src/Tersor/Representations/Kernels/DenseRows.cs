using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Representations.Kernels;

/// <summary>Products of rows of values with a panel, four rows at a time, so that what is read of the panel serves four.</summary>
internal static unsafe class DenseRows
{
    /// <summary><c>products[i] = sum_k rows[i][k] panel[k]</c>.</summary>
    /// <param name="width">Vector width.</param>
    /// <param name="panel">Row-major, <paramref name="columns"/> by <paramref name="panelWidth"/>.</param>
    /// <param name="panelWidth">16, 32 or 64.</param>
    /// <param name="rows">Row-major, <paramref name="count"/> by <paramref name="columns"/>.</param>
    /// <param name="count">Rows.</param>
    /// <param name="columns">Values of a row.</param>
    /// <param name="products">Row-major, <paramref name="count"/> by <paramref name="panelWidth"/>.</param>
    public static void Multiply(LaneWidth width, float* panel, int panelWidth, float* rows, int count, int columns, float* products)
    {
        switch (width)
        {
            case LaneWidth.Bits512:
                Multiply<Vector512<float>, Vector512Lanes>(panel, panelWidth, rows, count, columns, products);
                break;
            case LaneWidth.Bits256:
                Multiply<Vector256<float>, Vector256Lanes>(panel, panelWidth, rows, count, columns, products);
                break;
            case LaneWidth.Bits128:
                Multiply<Vector128<float>, Vector128Lanes>(panel, panelWidth, rows, count, columns, products);
                break;
            default:
                Multiply<float, ScalarLanes>(panel, panelWidth, rows, count, columns, products);
                break;
        }
    }

    private static void Multiply<TVector, TLanes>(float* panel, int panelWidth, float* rows, int count, int columns, float* products)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float* spare = stackalloc float[ColumnPanels.MostWidth];
        for (int row = 0; row < count; row += 4)
        {
            // Beyond the last row, it is computed again and thrown away.
            float* w0 = rows + ((long)row * columns);
            float* w1 = row + 1 < count ? w0 + columns : w0;
            float* w2 = row + 2 < count ? w1 + columns : w0;
            float* w3 = row + 3 < count ? w2 + columns : w0;
            float* p0 = products + (row * panelWidth);
            float* p1 = row + 1 < count ? p0 + panelWidth : spare;
            float* p2 = row + 2 < count ? p1 + panelWidth : spare;
            float* p3 = row + 3 < count ? p2 + panelWidth : spare;
            int at = 0;
            for (; at + (4 * TLanes.Count) <= panelWidth; at += 4 * TLanes.Count) FourVectors<TVector, TLanes>(panel + at, panelWidth, w0, w1, w2, w3, columns, p0 + at, p1 + at, p2 + at, p3 + at);
            for (; at < panelWidth; at += TLanes.Count) OneVector<TVector, TLanes>(panel + at, panelWidth, w0, w1, w2, w3, columns, p0 + at, p1 + at, p2 + at, p3 + at);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FourVectors<TVector, TLanes>(
        float* panel, int stride, float* w0, float* w1, float* w2, float* w3, int columns, float* p0, float* p1, float* p2, float* p3)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TVector s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TVector s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        TVector s30 = TLanes.Zero, s31 = TLanes.Zero, s32 = TLanes.Zero, s33 = TLanes.Zero;
        for (int k = 0; k < columns; k++, panel += stride)
        {
            TVector x0 = TLanes.Load(panel);
            TVector x1 = TLanes.Load(panel + TLanes.Count);
            TVector x2 = TLanes.Load(panel + (2 * TLanes.Count));
            TVector x3 = TLanes.Load(panel + (3 * TLanes.Count));
            TVector w = TLanes.Broadcast(w0[k]);
            s00 = TLanes.MultiplyAdd(w, x0, s00);
            s01 = TLanes.MultiplyAdd(w, x1, s01);
            s02 = TLanes.MultiplyAdd(w, x2, s02);
            s03 = TLanes.MultiplyAdd(w, x3, s03);
            w = TLanes.Broadcast(w1[k]);
            s10 = TLanes.MultiplyAdd(w, x0, s10);
            s11 = TLanes.MultiplyAdd(w, x1, s11);
            s12 = TLanes.MultiplyAdd(w, x2, s12);
            s13 = TLanes.MultiplyAdd(w, x3, s13);
            w = TLanes.Broadcast(w2[k]);
            s20 = TLanes.MultiplyAdd(w, x0, s20);
            s21 = TLanes.MultiplyAdd(w, x1, s21);
            s22 = TLanes.MultiplyAdd(w, x2, s22);
            s23 = TLanes.MultiplyAdd(w, x3, s23);
            w = TLanes.Broadcast(w3[k]);
            s30 = TLanes.MultiplyAdd(w, x0, s30);
            s31 = TLanes.MultiplyAdd(w, x1, s31);
            s32 = TLanes.MultiplyAdd(w, x2, s32);
            s33 = TLanes.MultiplyAdd(w, x3, s33);
        }

        Store<TVector, TLanes>(p0, s00, s01, s02, s03);
        Store<TVector, TLanes>(p1, s10, s11, s12, s13);
        Store<TVector, TLanes>(p2, s20, s21, s22, s23);
        Store<TVector, TLanes>(p3, s30, s31, s32, s33);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OneVector<TVector, TLanes>(
        float* panel, int stride, float* w0, float* w1, float* w2, float* w3, int columns, float* p0, float* p1, float* p2, float* p3)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        for (int k = 0; k < columns; k++, panel += stride)
        {
            TVector x = TLanes.Load(panel);
            s0 = TLanes.MultiplyAdd(TLanes.Broadcast(w0[k]), x, s0);
            s1 = TLanes.MultiplyAdd(TLanes.Broadcast(w1[k]), x, s1);
            s2 = TLanes.MultiplyAdd(TLanes.Broadcast(w2[k]), x, s2);
            s3 = TLanes.MultiplyAdd(TLanes.Broadcast(w3[k]), x, s3);
        }

        TLanes.Store(s0, p0);
        TLanes.Store(s1, p1);
        TLanes.Store(s2, p2);
        TLanes.Store(s3, p3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVector, TLanes>(float* target, TVector s0, TVector s1, TVector s2, TVector s3)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TLanes.Store(s0, target);
        TLanes.Store(s1, target + TLanes.Count);
        TLanes.Store(s2, target + (2 * TLanes.Count));
        TLanes.Store(s3, target + (3 * TLanes.Count));
    }
}
