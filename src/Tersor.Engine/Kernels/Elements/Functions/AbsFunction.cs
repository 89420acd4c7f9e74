namespace Tersor.Engine.Kernels;

/// <summary><c>|x|</c>, with derivative 0 at 0.</summary>
internal readonly struct AbsFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Abs(x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        SignFunction.Apply<TVector, TLanes>(x, first, second);
}
