namespace Tersor.Engine.Kernels;

/// <summary>The hyperbolic tangent.</summary>
internal readonly struct TanhFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        Transcendental.Tanh<TVector, TLanes>(x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector y = Transcendental.Tanh<TVector, TLanes>(x);
        return TLanes.Subtract(TLanes.Broadcast(1f), TLanes.Multiply(y, y));
    }
}
