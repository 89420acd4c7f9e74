namespace Tersor.Engine.Kernels;

/// <summary>-1, 0 or 1; its derivative is 0.</summary>
internal readonly struct SignFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(
            x,
            TLanes.Zero,
            TLanes.Broadcast(1f),
            TLanes.SelectGreater(TLanes.Zero, x, TLanes.Broadcast(-1f), x));

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Zero;
}
