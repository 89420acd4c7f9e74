namespace Tersor.EntropyCoding;

/// <summary>
/// Writes bins into one arithmetic codeword (NNC implementer's text, section 6.6) in a buffer of its own, which grows as needed and is kept by
/// <see cref="Restart"/> for the next codeword. Not safe for use by two threads at once.
/// </summary>
internal sealed class ArithmeticEncoder
{
    private EncoderRegisters _registers;

    /// <summary>Starts a codeword.</summary>
    /// <param name="capacity">Bytes to set aside at first.</param>
    public ArithmeticEncoder(int capacity = 256) => _registers = new EncoderRegisters(new byte[Math.Max(capacity, EncoderRegisters.SmallestBuffer)]);

    /// <summary>Shifts made so far: the length of the codeword in bits, up to a constant.</summary>
    public long BitPosition => _registers.BitPosition;

    /// <summary>The nine low bits of low: what an entry point's value is counted from.</summary>
    internal int OpenLow => _registers.OpenLow;

    /// <summary>The coder's state, for loops that keep it in a local variable and put it back.</summary>
    internal ref EncoderRegisters Registers => ref _registers;

    /// <summary>Forgets everything written and starts a new codeword in the same buffer.</summary>
    public void Restart() => _registers = new EncoderRegisters(_registers.Buffer);

    /// <summary>Encodes one bin and lets its context learn.</summary>
    /// <param name="context">The context the decoder will use.</param>
    /// <param name="bin">0 or 1.</param>
    public void EncodeBin(ref CodingContext context, int bin)
    {
        _registers.FlushWhenHigh();
        _registers.PutBin(ref context, bin);
    }

    /// <summary>Encodes one bin of probability one half.</summary>
    /// <param name="bin">0 or 1.</param>
    public void EncodeBypass(int bin) => _registers.PutBypassBits((uint)bin, 1);

    /// <summary>Encodes a number as bypass bins, the most significant first.</summary>
    /// <param name="value">Less than 2 to the power of <paramref name="bitCount"/>.</param>
    /// <param name="bitCount">0..32.</param>
    public void EncodeBypassBits(uint value, int bitCount) => _registers.PutBypassBits(value, bitCount);

    /// <summary>Ends the codeword with the terminate bin and the stop bit.</summary>
    /// <returns>The finished bytes, valid until the next call to any method.</returns>
    public ReadOnlySpan<byte> Finish() => _registers.Finish();

    /// <summary>Sets the range to 256 without touching low, as at the borders of block rows (section 9.4).</summary>
    internal void RestartRange() => _registers.RestartRange();
}
