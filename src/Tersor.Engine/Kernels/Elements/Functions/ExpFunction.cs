namespace Tersor.Engine.Kernels;

/// <summary><c>e^x</c>.</summary>
internal readonly struct ExpFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        Transcendental.Exp<TVector, TLanes>(x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        Transcendental.Exp<TVector, TLanes>(x);
}
