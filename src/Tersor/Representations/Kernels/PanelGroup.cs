using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Representations.Kernels;

/// <summary>Adds to a row of products what one weight meets in a panel: its rows are summed first and multiplied once.</summary>
internal static unsafe class PanelGroup
{
    /// <summary><c>products += weight * sum_i panel[indices[i]]</c>.</summary>
    /// <param name="width">Vector width.</param>
    /// <param name="panel">Rows of <paramref name="panelWidth"/> values.</param>
    /// <param name="panelWidth">16, 32 or 64.</param>
    /// <param name="indices">Which rows of the panel.</param>
    /// <param name="count">How many.</param>
    /// <param name="weight">What their sum is multiplied by.</param>
    /// <param name="products">As many values as the panel is wide.</param>
    public static void Add<TIndex>(LaneWidth width, float* panel, int panelWidth, TIndex* indices, int count, float weight, float* products)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        switch (width)
        {
            case LaneWidth.Bits512:
                Add<Vector512<float>, Vector512Lanes, TIndex>(panel, panelWidth, indices, count, weight, products);
                break;
            case LaneWidth.Bits256:
                Add<Vector256<float>, Vector256Lanes, TIndex>(panel, panelWidth, indices, count, weight, products);
                break;
            case LaneWidth.Bits128:
                Add<Vector128<float>, Vector128Lanes, TIndex>(panel, panelWidth, indices, count, weight, products);
                break;
            default:
                Add<float, ScalarLanes, TIndex>(panel, panelWidth, indices, count, weight, products);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TVector, TLanes, TIndex>(float* panel, int panelWidth, TIndex* indices, int count, float weight, float* products)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        int at = 0;
        for (; at + (4 * TLanes.Count) <= panelWidth; at += 4 * TLanes.Count) FourVectors<TVector, TLanes, TIndex>(panel + at, panelWidth, indices, count, weight, products + at);
        for (; at < panelWidth; at += TLanes.Count) OneVector<TVector, TLanes, TIndex>(panel + at, panelWidth, indices, count, weight, products + at);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FourVectors<TVector, TLanes, TIndex>(float* panel, nint stride, TIndex* indices, int count, float weight, float* products)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        TVector t0 = TLanes.Zero, t1 = TLanes.Zero, t2 = TLanes.Zero, t3 = TLanes.Zero;
        int i = 0;
        for (; i + 2 <= count; i += 2)
        {
            float* x = panel + (nint.CreateTruncating(indices[i]) * stride);
            s0 = TLanes.Add(s0, TLanes.Load(x));
            s1 = TLanes.Add(s1, TLanes.Load(x + TLanes.Count));
            s2 = TLanes.Add(s2, TLanes.Load(x + (2 * TLanes.Count)));
            s3 = TLanes.Add(s3, TLanes.Load(x + (3 * TLanes.Count)));
            x = panel + (nint.CreateTruncating(indices[i + 1]) * stride);
            t0 = TLanes.Add(t0, TLanes.Load(x));
            t1 = TLanes.Add(t1, TLanes.Load(x + TLanes.Count));
            t2 = TLanes.Add(t2, TLanes.Load(x + (2 * TLanes.Count)));
            t3 = TLanes.Add(t3, TLanes.Load(x + (3 * TLanes.Count)));
        }

        if (i < count)
        {
            float* x = panel + (nint.CreateTruncating(indices[i]) * stride);
            s0 = TLanes.Add(s0, TLanes.Load(x));
            s1 = TLanes.Add(s1, TLanes.Load(x + TLanes.Count));
            s2 = TLanes.Add(s2, TLanes.Load(x + (2 * TLanes.Count)));
            s3 = TLanes.Add(s3, TLanes.Load(x + (3 * TLanes.Count)));
        }

        TVector w = TLanes.Broadcast(weight);
        TLanes.Store(TLanes.MultiplyAdd(w, TLanes.Add(s0, t0), TLanes.Load(products)), products);
        products += TLanes.Count;
        TLanes.Store(TLanes.MultiplyAdd(w, TLanes.Add(s1, t1), TLanes.Load(products)), products);
        products += TLanes.Count;
        TLanes.Store(TLanes.MultiplyAdd(w, TLanes.Add(s2, t2), TLanes.Load(products)), products);
        products += TLanes.Count;
        TLanes.Store(TLanes.MultiplyAdd(w, TLanes.Add(s3, t3), TLanes.Load(products)), products);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OneVector<TVector, TLanes, TIndex>(float* panel, nint stride, TIndex* indices, int count, float weight, float* products)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            s0 = TLanes.Add(s0, TLanes.Load(panel + (nint.CreateTruncating(indices[i]) * stride)));
            s1 = TLanes.Add(s1, TLanes.Load(panel + (nint.CreateTruncating(indices[i + 1]) * stride)));
            s2 = TLanes.Add(s2, TLanes.Load(panel + (nint.CreateTruncating(indices[i + 2]) * stride)));
            s3 = TLanes.Add(s3, TLanes.Load(panel + (nint.CreateTruncating(indices[i + 3]) * stride)));
        }

        for (; i < count; i++) s0 = TLanes.Add(s0, TLanes.Load(panel + (nint.CreateTruncating(indices[i]) * stride)));
        TLanes.Store(TLanes.MultiplyAdd(TLanes.Broadcast(weight), TLanes.Add(TLanes.Add(s0, s1), TLanes.Add(s2, s3)), TLanes.Load(products)), products);
    }
}
