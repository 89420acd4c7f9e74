namespace Tersor.Engine.Kernels;

/// <summary><c>a</c> to the power <c>b</c>.</summary>
internal readonly struct PowerFunction : IBinaryFunction
{
    public static TVector Apply<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Power(a, b);

    public static TVector LeftDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Multiply(b, TLanes.Power(a, TLanes.Subtract(b, TLanes.Broadcast(1f))));

    public static TVector RightDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(
            a,
            TLanes.Zero,
            TLanes.Multiply(TLanes.Power(a, b), TLanes.Log(a)),
            TLanes.Zero);
}
