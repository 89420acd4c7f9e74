using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Representations.Kernels;

/// <summary>The product of a panel with one row of which the entries are listed: a vector of the panel's row for each entry, no gathers.</summary>
internal static unsafe class SparseRow
{
    /// <summary><c>product = sum_i weights[i] panel[indices[i]]</c>.</summary>
    /// <param name="width">Vector width.</param>
    /// <param name="panel">Rows of <paramref name="panelWidth"/> values.</param>
    /// <param name="panelWidth">16, 32 or 64.</param>
    /// <param name="indices">Which rows of the panel.</param>
    /// <param name="weights">What they are multiplied by.</param>
    /// <param name="count">Entries.</param>
    /// <param name="product">As many values as the panel is wide; overwritten.</param>
    public static void Multiply<TIndex>(LaneWidth width, float* panel, int panelWidth, TIndex* indices, float* weights, int count, float* product)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        switch (width)
        {
            case LaneWidth.Bits512:
                Multiply<Vector512<float>, Vector512Lanes, TIndex>(panel, panelWidth, indices, weights, count, product);
                break;
            case LaneWidth.Bits256:
                Multiply<Vector256<float>, Vector256Lanes, TIndex>(panel, panelWidth, indices, weights, count, product);
                break;
            case LaneWidth.Bits128:
                Multiply<Vector128<float>, Vector128Lanes, TIndex>(panel, panelWidth, indices, weights, count, product);
                break;
            default:
                Multiply<float, ScalarLanes, TIndex>(panel, panelWidth, indices, weights, count, product);
                break;
        }
    }

    private static void Multiply<TVector, TLanes, TIndex>(float* panel, int panelWidth, TIndex* indices, float* weights, int count, float* product)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        int at = 0;
        for (; at + (4 * TLanes.Count) <= panelWidth; at += 4 * TLanes.Count) FourVectors<TVector, TLanes, TIndex>(panel + at, panelWidth, indices, weights, count, product + at);
        for (; at + (2 * TLanes.Count) <= panelWidth; at += 2 * TLanes.Count) TwoVectors<TVector, TLanes, TIndex>(panel + at, panelWidth, indices, weights, count, product + at);
        for (; at < panelWidth; at += TLanes.Count) OneVector<TVector, TLanes, TIndex>(panel + at, panelWidth, indices, weights, count, product + at);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FourVectors<TVector, TLanes, TIndex>(float* panel, nint stride, TIndex* indices, float* weights, int count, float* product)
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
            TVector w = TLanes.Broadcast(weights[i]);
            s0 = TLanes.MultiplyAdd(w, TLanes.Load(x), s0);
            s1 = TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), s1);
            s2 = TLanes.MultiplyAdd(w, TLanes.Load(x + (2 * TLanes.Count)), s2);
            s3 = TLanes.MultiplyAdd(w, TLanes.Load(x + (3 * TLanes.Count)), s3);
            x = panel + (nint.CreateTruncating(indices[i + 1]) * stride);
            w = TLanes.Broadcast(weights[i + 1]);
            t0 = TLanes.MultiplyAdd(w, TLanes.Load(x), t0);
            t1 = TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), t1);
            t2 = TLanes.MultiplyAdd(w, TLanes.Load(x + (2 * TLanes.Count)), t2);
            t3 = TLanes.MultiplyAdd(w, TLanes.Load(x + (3 * TLanes.Count)), t3);
        }

        if (i < count)
        {
            float* x = panel + (nint.CreateTruncating(indices[i]) * stride);
            TVector w = TLanes.Broadcast(weights[i]);
            s0 = TLanes.MultiplyAdd(w, TLanes.Load(x), s0);
            s1 = TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), s1);
            s2 = TLanes.MultiplyAdd(w, TLanes.Load(x + (2 * TLanes.Count)), s2);
            s3 = TLanes.MultiplyAdd(w, TLanes.Load(x + (3 * TLanes.Count)), s3);
        }

        TLanes.Store(TLanes.Add(s0, t0), product);
        TLanes.Store(TLanes.Add(s1, t1), product + TLanes.Count);
        TLanes.Store(TLanes.Add(s2, t2), product + (2 * TLanes.Count));
        TLanes.Store(TLanes.Add(s3, t3), product + (3 * TLanes.Count));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TwoVectors<TVector, TLanes, TIndex>(float* panel, nint stride, TIndex* indices, float* weights, int count, float* product)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, t0 = TLanes.Zero, t1 = TLanes.Zero;
        TVector u0 = TLanes.Zero, u1 = TLanes.Zero, v0 = TLanes.Zero, v1 = TLanes.Zero;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            float* x = panel + (nint.CreateTruncating(indices[i]) * stride);
            TVector w = TLanes.Broadcast(weights[i]);
            s0 = TLanes.MultiplyAdd(w, TLanes.Load(x), s0);
            s1 = TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), s1);
            x = panel + (nint.CreateTruncating(indices[i + 1]) * stride);
            w = TLanes.Broadcast(weights[i + 1]);
            t0 = TLanes.MultiplyAdd(w, TLanes.Load(x), t0);
            t1 = TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), t1);
            x = panel + (nint.CreateTruncating(indices[i + 2]) * stride);
            w = TLanes.Broadcast(weights[i + 2]);
            u0 = TLanes.MultiplyAdd(w, TLanes.Load(x), u0);
            u1 = TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), u1);
            x = panel + (nint.CreateTruncating(indices[i + 3]) * stride);
            w = TLanes.Broadcast(weights[i + 3]);
            v0 = TLanes.MultiplyAdd(w, TLanes.Load(x), v0);
            v1 = TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), v1);
        }

        for (; i < count; i++)
        {
            float* x = panel + (nint.CreateTruncating(indices[i]) * stride);
            TVector w = TLanes.Broadcast(weights[i]);
            s0 = TLanes.MultiplyAdd(w, TLanes.Load(x), s0);
            s1 = TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), s1);
        }

        TLanes.Store(TLanes.Add(TLanes.Add(s0, t0), TLanes.Add(u0, v0)), product);
        TLanes.Store(TLanes.Add(TLanes.Add(s1, t1), TLanes.Add(u1, v1)), product + TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OneVector<TVector, TLanes, TIndex>(float* panel, nint stride, TIndex* indices, float* weights, int count, float* product)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            s0 = TLanes.MultiplyAdd(TLanes.Broadcast(weights[i]), TLanes.Load(panel + (nint.CreateTruncating(indices[i]) * stride)), s0);
            s1 = TLanes.MultiplyAdd(TLanes.Broadcast(weights[i + 1]), TLanes.Load(panel + (nint.CreateTruncating(indices[i + 1]) * stride)), s1);
            s2 = TLanes.MultiplyAdd(TLanes.Broadcast(weights[i + 2]), TLanes.Load(panel + (nint.CreateTruncating(indices[i + 2]) * stride)), s2);
            s3 = TLanes.MultiplyAdd(TLanes.Broadcast(weights[i + 3]), TLanes.Load(panel + (nint.CreateTruncating(indices[i + 3]) * stride)), s3);
        }

        for (; i < count; i++) s0 = TLanes.MultiplyAdd(TLanes.Broadcast(weights[i]), TLanes.Load(panel + (nint.CreateTruncating(indices[i]) * stride)), s0);
        TLanes.Store(TLanes.Add(TLanes.Add(s0, s1), TLanes.Add(s2, s3)), product);
    }
}
