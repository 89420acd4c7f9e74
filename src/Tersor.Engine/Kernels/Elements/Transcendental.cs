using System.Runtime.CompilerServices;

namespace Tersor.Engine.Kernels;

/// <summary>Exponential, hyperbolic tangent and error function by polynomials, within two units in the last place or so.</summary>
/// <remarks>
/// The exponential and the tangent near zero follow the Cephes library (S. L. Moshier, 1989): reduction to |r| &lt;= ln 2 / 2 with
/// ln 2 in two parts. The error function is split at 0.927734375: an odd polynomial below, one minus an exponential above.
/// </remarks>
internal static class Transcendental
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp<TVector, TLanes>(TVector x)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        // Below -104 the result is zero and above 89 infinite: the bounds keep both powers of two in range.
        x = TLanes.AtMost(TLanes.AtLeast(x, TLanes.Broadcast(-104f)), TLanes.Broadcast(89f));
        TVector n = TLanes.Round(TLanes.Multiply(x, TLanes.Broadcast(1.44269504f)));
        TVector r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(2.12194440e-4f), r);
        TVector p = TLanes.Broadcast(1.9875691500e-4f);
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(5.0000001201e-1f));
        TVector one = TLanes.Broadcast(1f);
        p = TLanes.Add(TLanes.MultiplyAdd(TLanes.Multiply(p, r), r, r), one);

        // In two factors, so that subnormal results and those next to infinity are reached.
        TVector half = TLanes.Round(TLanes.Multiply(n, TLanes.Broadcast(0.5f)));
        return TLanes.Multiply(TLanes.Multiply(p, TLanes.PowerOfTwo(half)), TLanes.PowerOfTwo(TLanes.Subtract(n, half)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid<TVector, TLanes>(TVector x)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector one = TLanes.Broadcast(1f);
        return TLanes.Divide(one, TLanes.Add(one, Exp<TVector, TLanes>(TLanes.Subtract(TLanes.Zero, x))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh<TVector, TLanes>(TVector x)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector size = TLanes.Abs(x);
        TVector one = TLanes.Broadcast(1f);
        TVector e = Exp<TVector, TLanes>(TLanes.Multiply(size, TLanes.Broadcast(-2f)));
        TVector large = TLanes.CopySign(TLanes.Divide(TLanes.Subtract(one, e), TLanes.Add(one, e)), x);

        TVector square = TLanes.Multiply(x, x);
        TVector p = TLanes.Broadcast(-5.70498872745e-3f);
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(2.06390887954e-2f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(-5.37397155531e-2f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(1.33314422036e-1f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(-3.33332819422e-1f));
        TVector small = TLanes.MultiplyAdd(TLanes.Multiply(p, square), x, x);
        return TLanes.SelectGreater(size, TLanes.Broadcast(0.625f), large, small);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Erf<TVector, TLanes>(TVector x)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        // Beyond 4 the result is 1 in single precision.
        TVector size = TLanes.AtMost(TLanes.Abs(x), TLanes.Broadcast(4f));
        TVector square = TLanes.Multiply(size, size);
        TVector one = TLanes.Broadcast(1f);

        TVector q = TLanes.MultiplyAdd(TLanes.Broadcast(-1.72853470e-5f), size, TLanes.Broadcast(3.83197126e-4f));
        TVector u = TLanes.MultiplyAdd(TLanes.Broadcast(-3.88396438e-3f), size, TLanes.Broadcast(2.42546219e-2f));
        q = TLanes.MultiplyAdd(q, square, u);
        q = TLanes.MultiplyAdd(q, size, TLanes.Broadcast(-1.06777877e-1f));
        q = TLanes.MultiplyAdd(q, size, TLanes.Broadcast(-6.34846687e-1f));
        q = TLanes.MultiplyAdd(q, size, TLanes.Broadcast(-1.28717512e-1f));
        q = TLanes.MultiplyAdd(q, size, TLanes.Subtract(TLanes.Zero, size));
        TVector large = TLanes.CopySign(TLanes.Subtract(one, Exp<TVector, TLanes>(q)), x);

        TVector p = TLanes.Broadcast(-5.96761703e-4f);
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(4.99119423e-3f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(-2.67681349e-2f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(1.12819925e-1f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(-3.76125336e-1f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(1.28379166e-1f));
        TVector small = TLanes.MultiplyAdd(p, x, x);
        return TLanes.SelectGreater(size, TLanes.Broadcast(0.927734375f), large, small);
    }
}
