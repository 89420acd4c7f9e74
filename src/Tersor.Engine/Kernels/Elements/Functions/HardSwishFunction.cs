namespace Tersor.Engine.Kernels;

/// <summary><c>x min(max(x / 6 + 1 / 2, 0), 1)</c>.</summary>
internal readonly struct HardSwishFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Multiply(x, HardSigmoidFunction.Apply<TVector, TLanes>(x, 1f / 6f, 0.5f));

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.MultiplyAdd(
            x,
            HardSigmoidFunction.Derivative<TVector, TLanes>(x, 1f / 6f, 0.5f),
            HardSigmoidFunction.Apply<TVector, TLanes>(x, 1f / 6f, 0.5f));
}
