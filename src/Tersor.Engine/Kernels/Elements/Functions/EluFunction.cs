namespace Tersor.Engine.Kernels;

/// <summary><c>x &gt; 0 ? x : first (e^x - 1)</c>.</summary>
internal readonly struct EluFunction : IElementFunction
{
    public static TVector Apply<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(
            x,
            TLanes.Zero,
            x,
            TLanes.Multiply(TLanes.Broadcast(first), TLanes.Subtract(Transcendental.Exp<TVector, TLanes>(x), TLanes.Broadcast(1f))));

    public static TVector Derivative<TVector, TLanes>(TVector x, float first, float second)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> =>
        TLanes.SelectGreater(
            x,
            TLanes.Zero,
            TLanes.Broadcast(1f),
            TLanes.Multiply(TLanes.Broadcast(first), Transcendental.Exp<TVector, TLanes>(x)));
}
