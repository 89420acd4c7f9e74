using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>Collects bins in a history.</summary>
internal readonly struct BinHistorySink(BinHistory history) : IBinSink
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Bin(int context, int bin) => history.Add(context, (byte)bin);

    /// <inheritdoc/>
    public void Bypass(uint value, int bitCount) => history.AddBypass(bitCount);

    /// <inheritdoc/>
    public void EnterBlockRow(int quantizerState) => history.AddBorder();

    /// <inheritdoc/>
    public void EnterSample() => history.EnterSample();
}
