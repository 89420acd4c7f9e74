namespace Tersor.Engine.Kernels;

/// <summary>The error function.</summary>
internal readonly struct ErfFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        Transcendental.Erf<TVector, TLanes>(x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Multiply(
            TLanes.Broadcast(1.12837917f),
            Transcendental.Exp<TVector, TLanes>(TLanes.Multiply(TLanes.Subtract(TLanes.Zero, x), x)));
}
