namespace Tersor.Engine.Kernels;

/// <summary><c>min(max(first x + second, 0), 1)</c>.</summary>
internal readonly struct HardSigmoidFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.AtMost(
            TLanes.AtLeast(TLanes.MultiplyAdd(TLanes.Broadcast(first), x, TLanes.Broadcast(second)), TLanes.Zero),
            TLanes.Broadcast(1f));

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        Inside<TVector, TLanes>(TLanes.MultiplyAdd(TLanes.Broadcast(first), x, TLanes.Broadcast(second)), TLanes.Broadcast(first));

    private static TVector Inside<TVector, TLanes>(TVector value, TVector slope)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(value, TLanes.Zero, TLanes.SelectGreater(TLanes.Broadcast(1f), value, slope, TLanes.Zero), TLanes.Zero);
}
