namespace Tersor.Engine.Kernels;

/// <summary>The natural logarithm.</summary>
internal readonly struct LogFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Log(x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Divide(TLanes.Broadcast(1f), x);
}
