namespace Tersor.EntropyCoding;

/// <summary>
/// What the encoder knows of a block row's border when it passes it. The decoder's register there is the finished codeword minus low, so the entry point
/// follows once all bytes are written.
/// </summary>
/// <param name="BitPosition">Shifts made before the border.</param>
/// <param name="BitDelta">Shifts since the previous border, for the first since the start of the first block row.</param>
/// <param name="OpenLow">The nine low bits of low.</param>
/// <param name="QuantizerState">State of the dependent quantizer.</param>
internal readonly record struct BlockRowBorder(long BitPosition, long BitDelta, int OpenLow, int QuantizerState)
{
    /// <summary>The entry point that the unit's header states for this border.</summary>
    /// <param name="payload">The finished codeword, from its first byte.</param>
    public EntryPoint ToEntryPoint(ReadOnlySpan<byte> payload)
    {
        int first = (int)(BitPosition >> 3);
        int bits = (payload[first] << 8) | (first + 1 < payload.Length ? payload[first + 1] : 0);
        int code = bits >> (7 - (int)(BitPosition & 7));
        return new EntryPoint((code - OpenLow) & 0x1FF, QuantizerState, BitDelta);
    }
}
