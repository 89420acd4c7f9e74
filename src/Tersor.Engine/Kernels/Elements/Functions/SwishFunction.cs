namespace Tersor.Engine.Kernels;

/// <summary><c>x / (1 + e^-x)</c>.</summary>
internal readonly struct SwishFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Multiply(x, Transcendental.Sigmoid<TVector, TLanes>(x));

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector s = Transcendental.Sigmoid<TVector, TLanes>(x);
        return TLanes.MultiplyAdd(TLanes.Multiply(x, s), TLanes.Subtract(TLanes.Broadcast(1f), s), s);
    }
}
