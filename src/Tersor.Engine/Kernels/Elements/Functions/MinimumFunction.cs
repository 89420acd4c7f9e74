namespace Tersor.Engine.Kernels;

/// <summary><c>min(a, b)</c>; where both are equal, the gradient goes to <c>a</c>.</summary>
internal readonly struct MinimumFunction : IBinaryFunction
{
    public static TVector Apply<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(a, b, b, a);

    public static TVector LeftDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(a, b, TLanes.Zero, TLanes.Broadcast(1f));

    public static TVector RightDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(a, b, TLanes.Broadcast(1f), TLanes.Zero);
}
