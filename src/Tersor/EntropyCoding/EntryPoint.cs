namespace Tersor.EntropyCoding;

/// <summary>One entry of an NDU header for a block-scanned tensor: where and how decoding can begin at a block row other than the first (section 9.5).</summary>
/// <param name="Value">V >> 7 at the border, 0..255.</param>
/// <param name="QuantizerState">State of the dependent quantizer, 0..7.</param>
/// <param name="BitDelta">Bits from the previous border, for the first entry from the start of the first block row.</param>
internal readonly record struct EntryPoint(int Value, int QuantizerState, long BitDelta);
