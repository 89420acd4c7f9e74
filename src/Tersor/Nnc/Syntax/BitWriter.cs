using System.Buffers.Binary;
using System.Text;

namespace Tersor.Nnc.Syntax;

/// <summary>Writes the bit syntax of unit headers (NNC implementer's text, section 2), most significant bit first, into a growing buffer.</summary>
internal sealed class BitWriter
{
    private byte[] _bytes = new byte[64];
    private int _count;
    private int _bitsUsed;

    /// <summary>Bits written so far.</summary>
    public long BitCount => ((long)_count * 8) + _bitsUsed;

    /// <summary>Whether the next bit is the first of its byte.</summary>
    public bool IsAligned => _bitsUsed == 0;

    /// <summary>u(1).</summary>
    public void WriteFlag(bool value) => WriteBits(value ? 1u : 0u, 1);

    /// <summary>u(n), n of 0..32; <paramref name="value"/> must fit.</summary>
    public void WriteBits(uint value, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)value, (1UL << count) - 1, nameof(value));
        while (count > 0)
        {
            int taken = Math.Min(count, 8 - _bitsUsed);
            uint piece = (value >> (count - taken)) & ((1u << taken) - 1);
            if (_count == _bytes.Length) Array.Resize(ref _bytes, _count * 2);
            if (_bitsUsed == 0) _bytes[_count] = 0;
            _bytes[_count] |= (byte)(piece << (8 - _bitsUsed - taken));
            count -= taken;
            _bitsUsed += taken;
            if (_bitsUsed == 8)
            {
                _bitsUsed = 0;
                _count++;
            }
        }
    }

    /// <summary>i(n): two's complement; <paramref name="value"/> must fit.</summary>
    public void WriteSigned(int value, int count)
    {
        int limit = 1 << (count - 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(value, -limit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(value, limit);
        WriteBits((uint)value & ((1u << count) - 1), count);
    }

    /// <summary>ue(k): Exp-Golomb of order <paramref name="order"/>.</summary>
    public void WriteExpGolomb(long value, int order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        while (value >= 1L << order)
        {
            value -= 1L << order;
            order++;
            WriteFlag(false);
        }

        WriteFlag(true);
        if (order > 32) WriteBits((uint)(value >> 32), order - 32);
        WriteBits((uint)value, Math.Min(order, 32));
    }

    /// <summary>ie(k): signed on top of ue(k).</summary>
    public void WriteSignedExpGolomb(long value, int order) => WriteExpGolomb(value > 0 ? (2 * value) - 1 : -2 * value, order);

    /// <summary>flt: binary32, four bytes, least significant first.</summary>
    public void WriteSingle(float value) => WriteBits(BinaryPrimitives.ReverseEndianness(BitConverter.SingleToUInt32Bits(value)), 32);

    /// <summary>st: UTF-8 and a zero byte.</summary>
    /// <exception cref="ArgumentException">The text holds a zero character or half a surrogate pair, or is too long to be read back.</exception>
    public void WriteString(string value)
    {
        if (!IsAligned) throw new InvalidOperationException("A string starts at a byte.");
        if (value.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException($"The name '{value.Replace("\0", "\\0", StringComparison.Ordinal)}' holds a zero character, which ends names in NNC; rename it.", nameof(value));
        byte[] bytes;
        try
        {
            bytes = BitReader.StrictUtf8.GetBytes(value);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("The name holds half a surrogate pair and has no UTF-8 form; rename it.", nameof(value), e);
        }

        if (bytes.Length > BitReader.MaxStringBytes)
            throw new ArgumentException($"The name has {bytes.Length} bytes, more than {BitReader.MaxStringBytes}; shorten it.", nameof(value));
        WriteBytes(bytes);
        WriteBits(0, 8);
    }

    /// <summary>Whole bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (!IsAligned) throw new InvalidOperationException("Bytes start at a byte.");
        if (bytes.Length > _bytes.Length - _count) Array.Resize(ref _bytes, Math.Max(_count + bytes.Length, checked(_count * 2)));
        bytes.CopyTo(_bytes.AsSpan(_count));
        _count += bytes.Length;
    }

    /// <summary>align: a one, then zeros to the end of the byte; a full byte where already aligned.</summary>
    public void WriteAlignment()
    {
        WriteFlag(true);
        if (!IsAligned) WriteBits(0, 8 - _bitsUsed);
    }

    /// <summary>What was written; whole bytes only.</summary>
    public ReadOnlySpan<byte> ToSpan() => IsAligned ? _bytes.AsSpan(0, _count) : throw new InvalidOperationException("The last byte is not complete.");
}
