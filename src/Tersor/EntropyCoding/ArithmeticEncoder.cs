using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// Writes bins into one arithmetic codeword (NNC implementer's text, section 6.6) in a buffer of its own, which grows as needed and is kept by
/// <see cref="Restart"/> for the next codeword. Not safe for use by two threads at once.
/// </summary>
internal sealed class ArithmeticEncoder
{
    // Low holds 9 bits that are still open to change in value, and above them _pendingBits that are not written yet. A carry out of those is added to the
    // bytes already in the buffer.
    private const int OpenBits = 9;
    private ulong _low;
    private uint _range = 510;
    private int _pendingBits;
    private byte[] _buffer;
    private int _byteCount;

    /// <summary>Starts a codeword.</summary>
    /// <param name="capacity">Bytes to set aside at first.</param>
    public ArithmeticEncoder(int capacity = 256) => _buffer = new byte[Math.Max(capacity, 16)];

    /// <summary>Shifts made so far: the length of the codeword in bits, up to a constant.</summary>
    public long BitPosition => (8L * _byteCount) + _pendingBits;

    /// <summary>The nine low bits of low: what an entry point's value is counted from.</summary>
    internal int OpenLow => (int)_low & ((1 << OpenBits) - 1);

    /// <summary>Forgets everything written and starts a new codeword in the same buffer.</summary>
    public void Restart()
    {
        _low = 0;
        _range = 510;
        _pendingBits = 0;
        _byteCount = 0;
    }

    /// <summary>Encodes one bin and lets its context learn.</summary>
    /// <param name="context">The context the decoder will use.</param>
    /// <param name="bin">0 or 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EncodeBin(ref ContextModel context, int bin)
    {
        uint lessProbable = (byte)(context.LessProbableWidths >> (int)((_range >> 2) & 0x38));
        uint range = _range - lessProbable;
        if (bin != context.MoreProbableBin)
        {
            _low += range;
            range = lessProbable;
        }

        int shift = BitOperations.LeadingZeroCount(range) - (32 - OpenBits);
        _range = range << shift;
        Shift(shift);
        context.Update(bin);
    }

    /// <summary>Encodes one bin of probability one half.</summary>
    /// <param name="bin">0 or 1.</param>
    public void EncodeBypass(int bin) => EncodeBypassBits((uint)bin, 1);

    /// <summary>Encodes a number as bypass bins, the most significant first.</summary>
    /// <param name="value">Less than 2 to the power of <paramref name="bitCount"/>.</param>
    /// <param name="bitCount">0..32.</param>
    public void EncodeBypassBits(uint value, int bitCount)
    {
        if (bitCount > 16)
        {
            EncodeBypassBits(value >> 16, bitCount - 16);
            value &= 0xFFFF;
            bitCount = 16;
        }

        _low = (_low << bitCount) + ((ulong)value * _range);
        _pendingBits += bitCount;
        if (_pendingBits >= 32) Flush();
    }

    /// <summary>Ends the codeword with the terminate bin and the stop bit.</summary>
    /// <returns>The finished bytes, valid until the next call to any method.</returns>
    public ReadOnlySpan<byte> Finish()
    {
        _range -= 2;
        _low += _range;
        Shift(7);

        // All bits of low but the last eight, then the stop bit, then zeros up to a byte.
        int bitCount = _pendingBits + 1;
        ulong tail = ((_low >> 8) << 1) | 1;
        if (tail >> (bitCount + 1) != 0) Carry();
        tail <<= 63 - bitCount;
        bitCount++;
        Reserve();
        for (; bitCount > 0; bitCount -= 8, tail <<= 8) _buffer[_byteCount++] = (byte)(tail >> 56);
        return _buffer.AsSpan(0, _byteCount);
    }

    /// <summary>Sets the range to 256 without touching low, as at the borders of block rows (section 9.4).</summary>
    internal void RestartRange() => _range = 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Shift(int bitCount)
    {
        _low <<= bitCount;
        _pendingBits += bitCount;
        if (_pendingBits >= 32) Flush();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Flush()
    {
        Reserve();
        int kept = OpenBits + _pendingBits - 32;
        ulong settled = _low >> kept;
        if (settled >> 32 != 0) Carry();
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(_byteCount), (uint)settled);
        _byteCount += 4;
        _pendingBits -= 32;
        _low &= (1UL << kept) - 1;
    }

    private void Carry()
    {
        int i = _byteCount - 1;
        while (++_buffer[i] == 0) i--;
    }

    private void Reserve()
    {
        if (_buffer.Length - _byteCount < 16) Array.Resize(ref _buffer, checked(2 * _buffer.Length));
    }
}
