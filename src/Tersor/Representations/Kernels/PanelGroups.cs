using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Representations.Kernels;

/// <summary>The product of a panel with one row of grouped entries: what a weight meets is summed first and multiplied once.</summary>
internal static unsafe class PanelGroups
{
    /// <summary><c>product = sum_g weights[g] sum_i panel[indices[i]]</c>, i from where the last group ended to <c>ends[g]</c>.</summary>
    /// <param name="width">Vector width.</param>
    /// <param name="panel">Rows of <paramref name="panelWidth"/> values.</param>
    /// <param name="panelWidth">16, 32 or 64.</param>
    /// <param name="indices">Which rows of the panel, group after group.</param>
    /// <param name="ends">Where each group ends.</param>
    /// <param name="weights">What each group is multiplied by.</param>
    /// <param name="product">As many values as the panel is wide; overwritten.</param>
    public static void Multiply<TIndex>(LaneWidth width, float* panel, int panelWidth, TIndex* indices, ReadOnlySpan<int> ends, ReadOnlySpan<float> weights, float* product)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        switch (width)
        {
            case LaneWidth.Bits512:
                Multiply<Vector512<float>, Vector512Lanes, TIndex>(panel, panelWidth, indices, ends, weights, product);
                break;
            case LaneWidth.Bits256:
                Multiply<Vector256<float>, Vector256Lanes, TIndex>(panel, panelWidth, indices, ends, weights, product);
                break;
            case LaneWidth.Bits128:
                Multiply<Vector128<float>, Vector128Lanes, TIndex>(panel, panelWidth, indices, ends, weights, product);
                break;
            default:
                Multiply<float, ScalarLanes, TIndex>(panel, panelWidth, indices, ends, weights, product);
                break;
        }
    }

    private static void Multiply<TVector, TLanes, TIndex>(float* panel, int panelWidth, TIndex* indices, ReadOnlySpan<int> ends, ReadOnlySpan<float> weights, float* product)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        int at = 0;
        for (; at + (4 * TLanes.Count) <= panelWidth; at += 4 * TLanes.Count) FourVectors<TVector, TLanes, TIndex>(panel + at, panelWidth, indices, ends, weights, product + at);
        for (; at + (2 * TLanes.Count) <= panelWidth; at += 2 * TLanes.Count) TwoVectors<TVector, TLanes, TIndex>(panel + at, panelWidth, indices, ends, weights, product + at);
        for (; at < panelWidth; at += TLanes.Count) OneVector<TVector, TLanes, TIndex>(panel + at, panelWidth, indices, ends, weights, product + at);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FourVectors<TVector, TLanes, TIndex>(float* panel, nint stride, TIndex* indices, ReadOnlySpan<int> ends, ReadOnlySpan<float> weights, float* product)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        TVector p0 = TLanes.Zero, p1 = TLanes.Zero, p2 = TLanes.Zero, p3 = TLanes.Zero;
        int i = 0;
        for (int group = 0; group < ends.Length; group++)
        {
            int end = ends[group];
            TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
            TVector t0 = TLanes.Zero, t1 = TLanes.Zero, t2 = TLanes.Zero, t3 = TLanes.Zero;
            for (; i + 2 <= end; i += 2)
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

            if (i < end)
            {
                float* x = panel + (nint.CreateTruncating(indices[i++]) * stride);
                s0 = TLanes.Add(s0, TLanes.Load(x));
                s1 = TLanes.Add(s1, TLanes.Load(x + TLanes.Count));
                s2 = TLanes.Add(s2, TLanes.Load(x + (2 * TLanes.Count)));
                s3 = TLanes.Add(s3, TLanes.Load(x + (3 * TLanes.Count)));
            }

            TVector w = TLanes.Broadcast(weights[group]);
            p0 = TLanes.MultiplyAdd(w, TLanes.Add(s0, t0), p0);
            p1 = TLanes.MultiplyAdd(w, TLanes.Add(s1, t1), p1);
            p2 = TLanes.MultiplyAdd(w, TLanes.Add(s2, t2), p2);
            p3 = TLanes.MultiplyAdd(w, TLanes.Add(s3, t3), p3);
        }

        TLanes.Store(p0, product);
        TLanes.Store(p1, product + TLanes.Count);
        TLanes.Store(p2, product + (2 * TLanes.Count));
        TLanes.Store(p3, product + (3 * TLanes.Count));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TwoVectors<TVector, TLanes, TIndex>(float* panel, nint stride, TIndex* indices, ReadOnlySpan<int> ends, ReadOnlySpan<float> weights, float* product)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        TVector p0 = TLanes.Zero, p1 = TLanes.Zero;
        int i = 0;
        for (int group = 0; group < ends.Length; group++)
        {
            int end = ends[group];
            TVector s0 = TLanes.Zero, s1 = TLanes.Zero, t0 = TLanes.Zero, t1 = TLanes.Zero;
            TVector u0 = TLanes.Zero, u1 = TLanes.Zero, v0 = TLanes.Zero, v1 = TLanes.Zero;
            for (; i + 4 <= end; i += 4)
            {
                float* x = panel + (nint.CreateTruncating(indices[i]) * stride);
                s0 = TLanes.Add(s0, TLanes.Load(x));
                s1 = TLanes.Add(s1, TLanes.Load(x + TLanes.Count));
                x = panel + (nint.CreateTruncating(indices[i + 1]) * stride);
                t0 = TLanes.Add(t0, TLanes.Load(x));
                t1 = TLanes.Add(t1, TLanes.Load(x + TLanes.Count));
                x = panel + (nint.CreateTruncating(indices[i + 2]) * stride);
                u0 = TLanes.Add(u0, TLanes.Load(x));
                u1 = TLanes.Add(u1, TLanes.Load(x + TLanes.Count));
                x = panel + (nint.CreateTruncating(indices[i + 3]) * stride);
                v0 = TLanes.Add(v0, TLanes.Load(x));
                v1 = TLanes.Add(v1, TLanes.Load(x + TLanes.Count));
            }

            for (; i < end; i++)
            {
                float* x = panel + (nint.CreateTruncating(indices[i]) * stride);
                s0 = TLanes.Add(s0, TLanes.Load(x));
                s1 = TLanes.Add(s1, TLanes.Load(x + TLanes.Count));
            }

            TVector w = TLanes.Broadcast(weights[group]);
            p0 = TLanes.MultiplyAdd(w, TLanes.Add(TLanes.Add(s0, t0), TLanes.Add(u0, v0)), p0);
            p1 = TLanes.MultiplyAdd(w, TLanes.Add(TLanes.Add(s1, t1), TLanes.Add(u1, v1)), p1);
        }

        TLanes.Store(p0, product);
        TLanes.Store(p1, product + TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OneVector<TVector, TLanes, TIndex>(float* panel, nint stride, TIndex* indices, ReadOnlySpan<int> ends, ReadOnlySpan<float> weights, float* product)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        TVector sum = TLanes.Zero;
        int i = 0;
        for (int group = 0; group < ends.Length; group++)
        {
            int end = ends[group];
            TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
            for (; i + 4 <= end; i += 4)
            {
                s0 = TLanes.Add(s0, TLanes.Load(panel + (nint.CreateTruncating(indices[i]) * stride)));
                s1 = TLanes.Add(s1, TLanes.Load(panel + (nint.CreateTruncating(indices[i + 1]) * stride)));
                s2 = TLanes.Add(s2, TLanes.Load(panel + (nint.CreateTruncating(indices[i + 2]) * stride)));
                s3 = TLanes.Add(s3, TLanes.Load(panel + (nint.CreateTruncating(indices[i + 3]) * stride)));
            }

            for (; i < end; i++) s0 = TLanes.Add(s0, TLanes.Load(panel + (nint.CreateTruncating(indices[i]) * stride)));
            sum = TLanes.MultiplyAdd(TLanes.Broadcast(weights[group]), TLanes.Add(TLanes.Add(s0, s1), TLanes.Add(s2, s3)), sum);
        }

        TLanes.Store(sum, product);
    }
}
