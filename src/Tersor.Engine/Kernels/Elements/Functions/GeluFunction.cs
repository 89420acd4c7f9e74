namespace Tersor.Engine.Kernels;

/// <summary><c>x (1 + erf(x / sqrt 2)) / 2</c> (D. Hendrycks and K. Gimpel, 2016).</summary>
internal readonly struct GeluFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Multiply(x, Normal<TVector, TLanes>(x));

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector density = TLanes.Multiply(
            TLanes.Broadcast(0.398942280f),
            Transcendental.Exp<TVector, TLanes>(TLanes.Multiply(TLanes.Multiply(x, x), TLanes.Broadcast(-0.5f))));
        return TLanes.MultiplyAdd(x, density, Normal<TVector, TLanes>(x));
    }

    /// <summary>The distribution function of the normal distribution.</summary>
    private static TVector Normal<TVector, TLanes>(TVector x)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> => TLanes.MultiplyAdd(
            TLanes.Broadcast(0.5f),
            Transcendental.Erf<TVector, TLanes>(TLanes.Multiply(x, TLanes.Broadcast(0.707106781f))),
            TLanes.Broadcast(0.5f));
}
