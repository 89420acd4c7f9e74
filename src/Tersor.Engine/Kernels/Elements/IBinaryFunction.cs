namespace Tersor.Engine.Kernels;

/// <summary>A function of two values and its partial derivatives, on vectors of any width.</summary>
internal interface IBinaryFunction
{
    static abstract TVector Apply<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>;

    static abstract TVector LeftDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>;

    static abstract TVector RightDerivative<TVector, TLanes>(TVector a, TVector b)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>;
}
