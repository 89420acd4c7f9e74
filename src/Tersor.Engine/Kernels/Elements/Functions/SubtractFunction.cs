namespace Tersor.Engine.Kernels;

/// <summary><c>a - b</c>.</summary>
internal readonly struct SubtractFunction : IBinaryFunction
{
    public static TVector Apply<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Subtract(a, b);

    public static TVector LeftDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Broadcast(1f);

    public static TVector RightDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Broadcast(-1f);
}
