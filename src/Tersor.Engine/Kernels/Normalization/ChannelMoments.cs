using System.Runtime.CompilerServices;

namespace Tersor.Engine.Kernels;

/// <summary>Sums over runs of values that normalization needs, each run in vectors and runs in double.</summary>
internal static unsafe class ChannelMoments
{
    /// <summary>Adds the sums of <c>x - shift</c> and of its square.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<TVector, TLanes>(float* x, int length, float shift, ref double sum, ref double squares)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector shifts = TLanes.Broadcast(shift);
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, q0 = TLanes.Zero, q1 = TLanes.Zero;
        int i = 0;
        for (; i + 2 * TLanes.Count <= length; i += 2 * TLanes.Count)
        {
            TVector v0 = TLanes.Subtract(TLanes.Load(x + i), shifts);
            TVector v1 = TLanes.Subtract(TLanes.Load(x + i + TLanes.Count), shifts);
            s0 = TLanes.Add(s0, v0);
            s1 = TLanes.Add(s1, v1);
            q0 = TLanes.MultiplyAdd(v0, v0, q0);
            q1 = TLanes.MultiplyAdd(v1, v1, q1);
        }

        sum += TLanes.Sum(TLanes.Add(s0, s1));
        squares += TLanes.Sum(TLanes.Add(q0, q1));
        for (; i < length; i++)
        {
            float v = x[i] - shift;
            sum += v;
            squares += (double)v * v;
        }
    }

    /// <summary>Adds the sums of <c>g</c> and of <c>g (x - mean)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddProducts<TVector, TLanes>(float* x, float* g, int length, float mean, ref double sum, ref double products)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector means = TLanes.Broadcast(mean);
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, p0 = TLanes.Zero, p1 = TLanes.Zero;
        int i = 0;
        for (; i + 2 * TLanes.Count <= length; i += 2 * TLanes.Count)
        {
            TVector g0 = TLanes.Load(g + i);
            TVector g1 = TLanes.Load(g + i + TLanes.Count);
            s0 = TLanes.Add(s0, g0);
            s1 = TLanes.Add(s1, g1);
            p0 = TLanes.MultiplyAdd(g0, TLanes.Subtract(TLanes.Load(x + i), means), p0);
            p1 = TLanes.MultiplyAdd(g1, TLanes.Subtract(TLanes.Load(x + i + TLanes.Count), means), p1);
        }

        sum += TLanes.Sum(TLanes.Add(s0, s1));
        products += TLanes.Sum(TLanes.Add(p0, p1));
        for (; i < length; i++)
        {
            sum += g[i];
            products += (double)g[i] * (x[i] - mean);
        }
    }

    /// <summary><c>y = activation(factor x + offset + residual)</c>, the residual being null for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale<TVector, TLanes>(float* x, int length, float factor, float offset, float* residual, Activation activation, float* y)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector factors = TLanes.Broadcast(factor);
        TVector offsets = TLanes.Broadcast(offset);
        int i = 0;
        for (; i + TLanes.Count <= length; i += TLanes.Count)
        {
            TVector value = TLanes.MultiplyAdd(TLanes.Load(x + i), factors, offsets);
            value = residual is null ? value : TLanes.Add(value, TLanes.Load(residual + i));
            TLanes.Store(activation.Apply<TVector, TLanes>(value), y + i);
        }

        for (; i < length; i++)
        {
            float value = ScalarLanes.MultiplyAdd(x[i], factor, offset);
            value = residual is null ? value : value + residual[i];
            y[i] = activation.Apply<float, ScalarLanes>(value);
        }
    }

    /// <summary><c>d = factor x + offset &gt; 0 ? g : 0</c>: the gradient of a rectified <see cref="Scale"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gate<TVector, TLanes>(float* x, float* g, int length, float factor, float offset, float* d)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector factors = TLanes.Broadcast(factor);
        TVector offsets = TLanes.Broadcast(offset);
        int i = 0;
        for (; i + TLanes.Count <= length; i += TLanes.Count)
        {
            TVector value = TLanes.MultiplyAdd(TLanes.Load(x + i), factors, offsets);
            TLanes.Store(TLanes.SelectGreater(value, TLanes.Zero, TLanes.Load(g + i), TLanes.Zero), d + i);
        }

        for (; i < length; i++)
        {
            d[i] = ScalarLanes.MultiplyAdd(x[i], factor, offset) > 0f ? g[i] : 0f;
        }
    }

    /// <summary><c>d (+)= a g + b x + c</c>: what every normalization's gradient comes to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Combine<TVector, TLanes>(float* g, float* x, int length, float a, float b, float c, bool accumulate, float* d)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector va = TLanes.Broadcast(a);
        TVector vb = TLanes.Broadcast(b);
        TVector vc = TLanes.Broadcast(c);
        int i = 0;
        for (; i + TLanes.Count <= length; i += TLanes.Count)
        {
            TVector value = TLanes.MultiplyAdd(va, TLanes.Load(g + i), TLanes.MultiplyAdd(vb, TLanes.Load(x + i), vc));
            TLanes.Store(accumulate ? TLanes.Add(TLanes.Load(d + i), value) : value, d + i);
        }

        for (; i < length; i++)
        {
            float value = ScalarLanes.MultiplyAdd(a, g[i], ScalarLanes.MultiplyAdd(b, x[i], c));
            d[i] = accumulate ? d[i] + value : value;
        }
    }
}
