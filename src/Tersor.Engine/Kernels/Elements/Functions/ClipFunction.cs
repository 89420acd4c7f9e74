namespace Tersor.Engine.Kernels;

/// <summary><c>min(max(x, first), second)</c>; the gradient passes at the bounds and between.</summary>
internal readonly struct ClipFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.AtMost(TLanes.AtLeast(x, TLanes.Broadcast(first)), TLanes.Broadcast(second));

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(
            TLanes.Broadcast(first),
            x,
            TLanes.Zero,
            TLanes.SelectGreater(x, TLanes.Broadcast(second), TLanes.Zero, TLanes.Broadcast(1f)));
}
