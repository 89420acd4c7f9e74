namespace Tersor.Engine.Kernels;

/// <summary><c>1 / x</c>.</summary>
internal readonly struct ReciprocalFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Divide(TLanes.Broadcast(1f), x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Divide(TLanes.Broadcast(-1f), TLanes.Multiply(x, x));
}
