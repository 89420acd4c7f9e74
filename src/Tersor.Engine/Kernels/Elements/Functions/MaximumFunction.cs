namespace Tersor.Engine.Kernels;

/// <summary><c>max(a, b)</c>; where both are equal, the gradient goes to <c>a</c>.</summary>
internal readonly struct MaximumFunction : IBinaryFunction
{
    public static TVector Apply<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(b, a, b, a);

    public static TVector LeftDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(b, a, TLanes.Zero, TLanes.Broadcast(1f));

    public static TVector RightDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(b, a, TLanes.Broadcast(1f), TLanes.Zero);
}
