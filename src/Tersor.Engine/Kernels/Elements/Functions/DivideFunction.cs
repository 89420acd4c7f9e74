namespace Tersor.Engine.Kernels;

/// <summary><c>a / b</c>.</summary>
internal readonly struct DivideFunction : IBinaryFunction
{
    public static TVector Apply<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Divide(a, b);

    public static TVector LeftDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Divide(TLanes.Broadcast(1f), b);

    public static TVector RightDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Subtract(TLanes.Zero, TLanes.Divide(a, TLanes.Multiply(b, b)));
}
