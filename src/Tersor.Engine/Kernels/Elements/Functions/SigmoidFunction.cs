namespace Tersor.Engine.Kernels;

/// <summary><c>1 / (1 + e^-x)</c>.</summary>
internal readonly struct SigmoidFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        Transcendental.Sigmoid<TVector, TLanes>(x);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector y = Transcendental.Sigmoid<TVector, TLanes>(x);
        return TLanes.Multiply(y, TLanes.Subtract(TLanes.Broadcast(1f), y));
    }
}
