namespace Tersor.Engine.Kernels;

/// <summary>
/// A function of one value and its derivative, on vectors of any width. A new function is one small struct, and a line where
/// <see cref="Elementwise"/> lists them.
/// </summary>
internal interface IElementFunction
{
    static abstract TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>;

    /// <summary>The derivative at <paramref name="x"/>; at a kink, the one that training frameworks take.</summary>
    static abstract TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>;
}
