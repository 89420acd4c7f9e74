namespace Tersor.Engine.Kernels;

/// <summary>GELU with the hyperbolic tangent: <c>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2</c>.</summary>
internal readonly struct GeluTanhFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector half = TLanes.Broadcast(0.5f);
        return TLanes.Multiply(TLanes.Multiply(half, x), TLanes.Add(TLanes.Broadcast(1f), Tangent<TVector, TLanes>(x)));
    }

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector one = TLanes.Broadcast(1f);
        TVector t = Tangent<TVector, TLanes>(x);
        TVector inner = TLanes.MultiplyAdd(TLanes.Broadcast(3f * 0.0356774081f), TLanes.Multiply(x, x), TLanes.Broadcast(0.797884561f));
        TVector slope = TLanes.Multiply(TLanes.Multiply(x, TLanes.Subtract(one, TLanes.Multiply(t, t))), inner);
        return TLanes.Multiply(TLanes.Broadcast(0.5f), TLanes.Add(TLanes.Add(one, t), slope));
    }

    private static TVector Tangent<TVector, TLanes>(TVector x)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector inner = TLanes.MultiplyAdd(TLanes.Broadcast(0.0356774081f), TLanes.Multiply(x, x), TLanes.Broadcast(0.797884561f));
        return Transcendental.Tanh<TVector, TLanes>(TLanes.Multiply(x, inner));
    }
}
