namespace Tersor.Engine.Kernels;

/// <summary><c>a &gt; 0 ? a : b a</c>.</summary>
internal readonly struct ParametricReluFunction : IBinaryFunction
{
    public static TVector Apply<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(a, TLanes.Zero, a, TLanes.Multiply(b, a));

    public static TVector LeftDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(a, TLanes.Zero, TLanes.Broadcast(1f), b);

    public static TVector RightDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(a, TLanes.Zero, TLanes.Zero, a);
}
