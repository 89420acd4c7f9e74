namespace Tersor.Engine.Kernels;

/// <summary><c>-x</c>.</summary>
internal readonly struct NegateFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Subtract(TLanes.Zero, x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Broadcast(-1f);
}
