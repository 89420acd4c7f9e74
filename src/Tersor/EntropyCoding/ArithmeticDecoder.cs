using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// Reads bins from one arithmetic codeword (NNC implementer's text, section 6). Past the end of the payload it reads zeros and says so in
/// <see cref="IsPastEnd"/>; it never reads outside the span and never throws on data.
/// </summary>
/// <remarks>
/// Range and offset lie at the top of 64-bit words: the 9 bits that the text calls R and V >> 7 are bits 55 to 63, so a renormalization is a shift of both,
/// and new bytes are needed only every few bins. Loops work on a copy in a local variable, whose fields then live in registers.
/// </remarks>
internal ref struct ArithmeticDecoder
{
    private const int RangeShift = 55;
    private readonly ReadOnlySpan<byte> _payload;
    private readonly nint _lastWholeWord;
    private ulong _range;
    private ulong _offset;
    private nint _next;
    private nint _validBits;

    /// <summary>Starts at the first byte of a codeword.</summary>
    /// <param name="payload">The codeword, stop bit included, and nothing after it.</param>
    public ArithmeticDecoder(ReadOnlySpan<byte> payload)
    {
        _payload = payload;
        _lastWholeWord = payload.Length - sizeof(ulong);
        _range = 510UL << RangeShift;
        Refill();
    }

    /// <summary>Shifts made so far; the position that entry points are measured in (section 9.5).</summary>
    public readonly long BitPosition => (8L * _next) - _validBits;

    /// <summary>Bytes taken up so far, counting the two that decoding starts with.</summary>
    public readonly long Position => 2 + (BitPosition >> 3);

    /// <summary>Whether bins were decoded that the payload does not hold: what came out is worthless.</summary>
    public readonly bool IsPastEnd => Position > _payload.Length;

    /// <summary>Makes at least 56 bits of the offset valid: 47 beyond those that a bin looks at. A bin uses up 7 at most, so that six may follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Refill()
    {
        // Bits beyond the valid ones are those of the payload or zero already, so they can be written again.
        ulong bytes = _next <= _lastWholeWord
            ? BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(_payload), _next)))
            : ReadTail(_payload, _next);
        _offset |= bytes >> (int)_validBits;
        _next += (63 - _validBits) >> 3;
        _validBits |= 56;
    }

    /// <summary>Makes sure that three more bins may follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RefillWhenLow()
    {
        if (_validBits < 32) Refill();
    }

    /// <summary>Decodes one bin and lets its context learn.</summary>
    public bool DecodeBin(ref CodingContext context)
    {
        Refill();
        return TakeBin(ref context);
    }

    /// <summary>Decodes one bin of probability one half.</summary>
    /// <returns>0 or 1.</returns>
    public int DecodeBypass()
    {
        Refill();
        return TakeBypass();
    }

    /// <summary>Decodes a number of bypass bins, the most significant first.</summary>
    /// <param name="bitCount">0..32.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint DecodeBypassBits(int bitCount)
    {
        Refill();
        uint value = 0;
        for (int i = 0; i < bitCount; i++) value = (value << 1) | (uint)TakeBypass();
        return value;
    }

    /// <summary>
    /// Decodes one bin after a <see cref="Refill"/>, and lets its context learn. The jump on the outcome costs nothing where the caller jumps on the bin
    /// anyway.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TakeBin(ref CodingContext context)
    {
        ContextModel model = context.Model;
        if (IsMoreProbable(context.Widths) ? model.FavoursOne : !model.FavoursOne)
        {
            context.Learn(model, 1);
            return true;
        }

        context.Learn(model, 0);
        return false;
    }

    /// <summary>Decodes one bin after a <see cref="Refill"/> without a jump, for bins that nobody can foresee, and lets its context learn.</summary>
    /// <returns>0 or 1.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int TakeUnforeseeableBin(ref CodingContext context)
    {
        ContextModel model = context.Model;
        ulong range = _range >> RangeShift;
        ulong lessProbable = WidthInClass(context.Widths);
        ulong moreProbable = range - lessProbable;

        // All ones where the offset is below the more probable width, that is for the more probable bin.
        ulong mask = (ulong)((long)((_offset >> RangeShift) - range + lessProbable) >> 63);
        ulong width = lessProbable ^ ((lessProbable ^ moreProbable) & mask);
        _offset -= (moreProbable & ~mask) << RangeShift;
        int shift = BitOperations.LeadingZeroCount(width);
        _range = width << shift;
        _offset <<= shift - RangeShift;
        _validBits -= (nint)(uint)shift - RangeShift;
        int bin = model.MoreProbableBin ^ (int)(mask + 1);
        context.Learn(model, bin);
        return bin;
    }

    /// <summary>
    /// Ends the codeword: the terminate bin must be 1, the last byte taken up must be the payload's last, and it must end in the stop bit (section 6.5).
    /// </summary>
    /// <returns>Whether all of that holds; where it does not, the codeword or what was assumed about its content is wrong.</returns>
    public readonly bool TryFinish()
    {
        if (_offset < _range - (2UL << RangeShift) || Position != _payload.Length) return false;
        int consumedOfLast = (int)(BitPosition & 7);
        return (byte)(_payload[^1] << consumedOfLast) == 0x80;
    }

    /// <summary>Sets the range to 256 without touching the offset, as at the borders of block rows (section 9.4).</summary>
    internal void RestartRange() => _range = 256UL << RangeShift;

    /// <summary>Splits the range between the bins, after a <see cref="Refill"/>, and takes the part that the offset is in.</summary>
    /// <returns>Whether it is that of the more probable bin.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsMoreProbable(ulong widths)
    {
        ulong lessProbable = WidthInClass(widths) << RangeShift;
        ulong moreProbable = _range - lessProbable;
        if (_offset < moreProbable)
        {
            // No less than 128 of 256 is left, so that one shift at most is due.
            int shift = (int)(~moreProbable >> 63);
            _range = moreProbable << shift;
            _offset <<= shift;
            _validBits -= (nint)(uint)shift;
            return true;
        }

        int shifts = BitOperations.LeadingZeroCount(lessProbable);
        _range = lessProbable << shifts;
        _offset = (_offset - moreProbable) << shifts;
        _validBits -= (nint)(uint)shifts;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int TakeBypass()
    {
        // The text shifts first and compares with the range; the offset would not fit then.
        ulong half = _range >> 1;
        int bin = _offset >= half ? 1 : 0;
        _offset = (_offset - (half & (ulong)-bin)) << 1;
        _validBits--;
        return bin;
    }

    // Bits 60 to 62 of the range are its class; eight times the class is the position of the byte.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong WidthInClass(ulong widths) => (byte)(widths >> (int)((_range >> 57) & 0x38));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReadTail(ReadOnlySpan<byte> payload, nint next)
    {
        ulong bytes = 0;
        for (int i = 0; i < sizeof(ulong); i++)
        {
            bytes <<= 8;
            if (next + i < payload.Length) bytes |= payload[(int)next + i];
        }

        return bytes;
    }
}
