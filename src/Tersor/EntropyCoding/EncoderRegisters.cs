using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// The state of an arithmetic encoder (NNC implementer's text, section 6.6), a value, so that a loop over bins can hold a copy in registers.
/// </summary>
/// <remarks>
/// The range lies at the top of its word, its nine bits at bits 55 to 63. Low holds nine bits that are still open to change in value, above them the bits
/// that are not written yet, and above those at most one carry, which is added to the bytes already in the buffer.
/// </remarks>
internal struct EncoderRegisters
{
    /// <summary>The smallest buffer to start with.</summary>
    public const int SmallestBuffer = 32;

    private const int OpenBits = 9;
    private const int RangeShift = 55;
    private const int FlushedBits = 32;
    private ulong _low;
    private ulong _range;
    private int _pendingBits;
    private int _byteCount;
    private byte[] _buffer;

    /// <summary>The state at the start of a codeword.</summary>
    /// <param name="buffer">Receives the codeword; at least <see cref="SmallestBuffer"/> bytes, replaced when full.</param>
    public EncoderRegisters(byte[] buffer)
    {
        _buffer = buffer;
        _range = 510UL << RangeShift;
    }

    /// <summary>Where the bytes are now.</summary>
    public readonly byte[] Buffer => _buffer;

    /// <summary>Shifts made so far.</summary>
    public readonly long BitPosition => (8L * _byteCount) + _pendingBits;

    /// <summary>The nine low bits of low.</summary>
    public readonly int OpenLow => (int)_low & ((1 << OpenBits) - 1);

    /// <summary>Writes bits where there are many; after it three bins may be put, which take up to 7 bits each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FlushWhenHigh()
    {
        if (_pendingBits < FlushedBits) return;
        int kept = OpenBits + _pendingBits - FlushedBits;
        ulong settled = _low >> kept;
        if (_byteCount > _buffer.Length - (SmallestBuffer / 2)) _buffer = Grow(_buffer);
        if (settled >> FlushedBits != 0) Carry(_buffer, _byteCount);
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(_byteCount), (uint)settled);
        _byteCount += FlushedBits / 8;
        _pendingBits -= FlushedBits;
        _low &= (1UL << kept) - 1;
    }

    /// <summary>Puts one bin, for which there must be room (<see cref="FlushWhenHigh"/>), and lets its context learn.</summary>
    /// <param name="context">The context the decoder will use.</param>
    /// <param name="bin">0 or 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PutBin(ref CodingContext context, int bin)
    {
        ContextModel model = context.Model;
        Narrow(context.Widths, (ulong)(long)(bin ^ model.MoreProbableBin));
        context.Learn(model, bin);
    }

    /// <summary>Takes one bin's part of the range, without a jump.</summary>
    /// <param name="widths">The widths of the context.</param>
    /// <param name="isLess">1 for the less probable bin, else 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Narrow(ulong widths, ulong isLess)
    {
        ulong range = _range >> RangeShift;
        ulong lessProbable = (byte)(widths >> (int)((_range >> 57) & 0x38));

        // range - lessProbable under a mask of ones, lessProbable under a mask of zeros; only two operations wait for the width.
        ulong mask = isLess - 1;
        ulong width = ((range & mask) - mask) + (lessProbable ^ mask);
        _low += (range - lessProbable) & ~mask;
        int shift = BitOperations.LeadingZeroCount(width);
        _range = width << shift;
        _low <<= shift - RangeShift;
        _pendingBits += shift - RangeShift;
    }

    /// <summary>Puts a number as bypass bins, the most significant first.</summary>
    /// <param name="value">Less than 2 to the power of <paramref name="bitCount"/>.</param>
    /// <param name="bitCount">0..32.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PutBypassBits(uint value, int bitCount)
    {
        int secondBits = Math.Min(bitCount, 16);
        FlushWhenHigh();
        PutFewBypassBits((uint)((ulong)value >> secondBits), bitCount - secondBits);
        FlushWhenHigh();
        PutFewBypassBits(value & ((1u << secondBits) - 1), secondBits);
    }

    /// <summary>Ends the codeword with the terminate bin and the stop bit.</summary>
    /// <returns>The finished bytes.</returns>
    public ReadOnlySpan<byte> Finish()
    {
        FlushWhenHigh();
        _low = (_low + (_range >> RangeShift) - 2) << 7;
        _pendingBits += 7;
        FlushWhenHigh();

        // All bits of low but the last eight, then the stop bit, then zeros up to a byte.
        int bitCount = _pendingBits + 2;
        ulong tail = ((_low >> 8) << 1) | 1;
        if (tail >> bitCount != 0) Carry(_buffer, _byteCount);
        tail <<= 64 - bitCount;
        for (; bitCount > 0; bitCount -= 8, tail <<= 8) _buffer[_byteCount++] = (byte)(tail >> 56);
        return _buffer.AsSpan(0, _byteCount);
    }

    /// <summary>Sets the range to 256 without touching low.</summary>
    public void RestartRange() => _range = 256UL << RangeShift;

    private static void Carry(byte[] buffer, int byteCount)
    {
        int i = byteCount - 1;
        while (++buffer[i] == 0) i--;
    }

    private static byte[] Grow(byte[] buffer)
    {
        Array.Resize(ref buffer, checked(2 * buffer.Length));
        return buffer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PutFewBypassBits(uint value, int bitCount)
    {
        _low = (_low << bitCount) + (value * (_range >> RangeShift));
        _pendingBits += bitCount;
    }
}
