using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// Reads bins from one arithmetic codeword (NNC implementer's text, section 6). Past the end of the payload it reads zeros and says so in
/// <see cref="IsPastEnd"/>; it never reads outside the span and never throws on data.
/// </summary>
/// <remarks>
/// Range and offset lie at the top of 64-bit words: the 9 bits that the text calls R and V >> 7 are bits 55 to 63, so a renormalization is a shift of both,
/// and new bytes are needed only every few bins.
/// </remarks>
internal ref struct ArithmeticDecoder
{
    internal const int RangeShift = 55;

    private readonly ReadOnlySpan<byte> _payload;
    private ulong _range;
    private ulong _offset;
    private int _next;
    private int _validBits;

    /// <summary>Starts at the first byte of a codeword.</summary>
    /// <param name="payload">The codeword, stop bit included, and nothing after it.</param>
    public ArithmeticDecoder(ReadOnlySpan<byte> payload)
    {
        _payload = payload;
        _range = 510UL << RangeShift;
        Refill();
    }

    /// <summary>Shifts made so far; the position that entry points are measured in (section 9.5).</summary>
    public readonly long BitPosition => (8L * _next) - _validBits;

    /// <summary>Bytes taken up so far, counting the two that decoding starts with.</summary>
    public readonly long Position => 2 + (BitPosition >> 3);

    /// <summary>Whether bins were decoded that the payload does not hold: what came out is worthless.</summary>
    public readonly bool IsPastEnd => Position > _payload.Length;

    /// <summary>Decodes one bin and lets its context learn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int DecodeBin(ref ContextModel context)
    {
        ulong widths = LessProbableWidth.ByWidthIndex[context.WidthIndex];
        ulong lessProbable = ((widths >> (int)((_range >> 57) & 0x38)) & 0xFF) << RangeShift;
        ulong moreProbable = _range - lessProbable;
        int bin = context.MoreProbableBin;
        if (_offset >= moreProbable)
        {
            bin ^= 1;
            _offset -= moreProbable;
            moreProbable = lessProbable;
        }

        int shift = BitOperations.LeadingZeroCount(moreProbable);
        _range = moreProbable << shift;
        Shift(shift);
        context.Update(bin);
        return bin;
    }

    /// <summary>Decodes one bin of probability one half.</summary>
    public int DecodeBypass()
    {
        // The text shifts first and compares with the range; the offset would not fit then.
        ulong half = _range >> 1;
        int bin = _offset >= half ? 1 : 0;
        _offset -= half & (ulong)-bin;
        Shift(1);
        return bin;
    }

    /// <summary>Decodes a number of bypass bins, the most significant first.</summary>
    /// <param name="bitCount">0..32.</param>
    public uint DecodeBypassBits(int bitCount)
    {
        uint value = 0;
        for (int i = 0; i < bitCount; i++) value = (value << 1) | (uint)DecodeBypass();
        return value;
    }

    /// <summary>
    /// Ends the codeword: the terminate bin must be 1, the last byte taken up must be the payload's last, and it must end in the stop bit (section 6.5).
    /// </summary>
    /// <returns>Whether all of that holds; where it does not, the codeword or what was assumed about its content is wrong.</returns>
    public bool TryFinish()
    {
        if (_offset < _range - (2UL << RangeShift) || Position != _payload.Length) return false;
        int consumedOfLast = (int)(BitPosition & 7);
        return (byte)(_payload[^1] << consumedOfLast) == 0x80;
    }

    /// <summary>Sets the range to 256 without touching the offset, as at the borders of block rows (section 9.4).</summary>
    internal void RestartRange() => _range = 1UL << 63;

    /// <summary>The 8 bits that an entry point states: V >> 7 once the range is 256.</summary>
    internal readonly int EntryValue => (int)(_offset >> RangeShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Shift(int bitCount)
    {
        _offset <<= bitCount;
        _validBits -= bitCount;
        if (_validBits < 16) Refill();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Refill()
    {
        if (_payload.Length - _next >= 8)
        {
            int byteCount = (64 - _validBits) >> 3;
            ulong bytes = BinaryPrimitives.ReadUInt64BigEndian(_payload.Slice(_next, 8)) >> (64 - (8 * byteCount)) << (64 - (8 * byteCount));
            _offset |= bytes >> _validBits;
            _next += byteCount;
            _validBits += 8 * byteCount;
            return;
        }

        while (_validBits <= 56)
        {
            ulong next = _next < _payload.Length ? _payload[_next] : 0u;
            _offset |= next << (56 - _validBits);
            _validBits += 8;

            // Far enough behind the end the count stands still: the result is already known to be worthless.
            if (_next < _payload.Length + 64) _next++;
        }
    }
}
