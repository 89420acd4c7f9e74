namespace Tersor.Engine.Kernels;

/// <summary><c>x &gt; 0 ? x : first x</c>.</summary>
internal readonly struct LeakyReluFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(x, TLanes.Zero, x, TLanes.Multiply(x, TLanes.Broadcast(first)));

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(x, TLanes.Zero, TLanes.Broadcast(1f), TLanes.Broadcast(first));
}
