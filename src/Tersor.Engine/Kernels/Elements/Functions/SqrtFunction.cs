namespace Tersor.Engine.Kernels;

/// <summary>The square root.</summary>
internal readonly struct SqrtFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Sqrt(x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Divide(TLanes.Broadcast(0.5f), TLanes.Sqrt(x));
}
