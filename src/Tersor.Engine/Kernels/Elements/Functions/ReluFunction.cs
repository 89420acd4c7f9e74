namespace Tersor.Engine.Kernels;

/// <summary><c>max(x, 0)</c>, with derivative 0 at 0: the output serves as well as the input to find it.</summary>
internal readonly struct ReluFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.AtLeast(x, TLanes.Zero);

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(x, TLanes.Zero, TLanes.Broadcast(1f), TLanes.Zero);
}
