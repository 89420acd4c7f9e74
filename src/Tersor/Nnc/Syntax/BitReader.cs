using System.Buffers.Binary;
using System.Text;
using Tersor.Models;

namespace Tersor.Nnc.Syntax;

/// <summary>
/// Reads the bit syntax of unit headers (NNC implementer's text, section 2), most significant bit first, through a small window, so that a header
/// costs a few short reads however large its unit is. Never reads past <see cref="End"/>.
/// </summary>
internal ref struct BitReader
{
    /// <summary>Longest name that is read, in bytes; the standard sets no limit.</summary>
    public const int MaxStringBytes = 1 << 16;

    // Twice the longest code of a value below 2^48, far beyond any dimension or size that can be meant.
    private const int MaxExpGolombOrder = 48;

    private readonly ByteSource _source;
    private readonly Span<byte> _window;
    private long _windowStart;
    private int _windowLength;
    private int _byteIndex;
    private int _bitsUsed;

    /// <summary>Starts at a byte.</summary>
    /// <param name="source">Where the bytes are.</param>
    /// <param name="start">Offset of the first byte.</param>
    /// <param name="end">Offset behind the last byte that may be read.</param>
    /// <param name="window">Working space, at least one byte.</param>
    /// <param name="unitNumber">Ordinal of the unit, for messages.</param>
    public BitReader(ByteSource source, long start, long end, Span<byte> window, int unitNumber)
    {
        _source = source;
        _window = window;
        _windowStart = start;
        UnitNumber = unitNumber;
        End = end;
    }

    /// <summary>Ordinal of the unit in its stream, from 0.</summary>
    public int UnitNumber { get; }

    /// <summary>What messages call the thing being read; the unit's number until its name is known.</summary>
    public string? Item { get; set; }

    /// <summary>Offset behind the last byte that may be read.</summary>
    public long End { get; private set; }

    /// <summary>Offset of the byte that holds the next bit.</summary>
    public readonly long Position => _windowStart + _byteIndex;

    /// <summary>Whether the next bit is the first of its byte.</summary>
    public readonly bool IsAligned => _bitsUsed == 0;

    /// <summary>Bytes not yet begun.</summary>
    public readonly long RemainingBytes => End - Position - (_bitsUsed == 0 ? 0 : 1);

    /// <summary>Moves the end to where the unit's size says it is.</summary>
    public void SetEnd(long end)
    {
        End = end;
        _windowLength = (int)Math.Min(_windowLength, Math.Max(0, end - _windowStart));
    }

    /// <summary>Goes on at a later byte.</summary>
    public void SkipTo(long position)
    {
        _windowStart = position;
        _windowLength = 0;
        _byteIndex = 0;
        _bitsUsed = 0;
    }

    /// <summary>u(1).</summary>
    public bool ReadFlag() => ReadBits(1) != 0;

    /// <summary>u(n), n of 0..32.</summary>
    public uint ReadBits(int count)
    {
        ulong value = 0;
        while (count > 0)
        {
            if (_byteIndex == _windowLength) Refill();
            int taken = Math.Min(count, 8 - _bitsUsed);
            int piece = (_window[_byteIndex] >> (8 - _bitsUsed - taken)) & ((1 << taken) - 1);
            value = (value << taken) | (uint)piece;
            count -= taken;
            _bitsUsed += taken;
            if (_bitsUsed == 8)
            {
                _bitsUsed = 0;
                _byteIndex++;
            }
        }

        return (uint)value;
    }

    /// <summary>i(n): two's complement, n of 1..32.</summary>
    public int ReadSigned(int count) => (int)(ReadBits(count) << (32 - count)) >> (32 - count);

    /// <summary>ue(k): Exp-Golomb of order <paramref name="order"/>; at most 2^49.</summary>
    public long ReadExpGolomb(int order)
    {
        long value = 0;
        while (!ReadFlag())
        {
            value += 1L << order;
            if (++order > MaxExpGolombOrder) throw Malformed("a run of zero bits too long for any number; the header is damaged");
        }

        if (order > 32)
        {
            value += (long)ReadBits(order - 32) << 32;
            order = 32;
        }

        return value + ReadBits(order);
    }

    /// <summary>ie(k): signed on top of ue(k).</summary>
    public long ReadSignedExpGolomb(int order)
    {
        long code = ReadExpGolomb(order);
        return (code & 1) != 0 ? (code + 1) / 2 : -(code / 2);
    }

    /// <summary>ue(k) that must not exceed <paramref name="maximum"/>.</summary>
    public int ReadExpGolomb(int order, int maximum, string element)
    {
        long value = ReadExpGolomb(order);
        return value <= maximum ? (int)value : throw Malformed($"{element} is {value}, at most {maximum} is possible");
    }

    /// <summary>flt: binary32, four bytes, least significant first.</summary>
    public float ReadSingle() => BitConverter.UInt32BitsToSingle(BinaryPrimitives.ReverseEndianness(ReadBits(32)));

    /// <summary>st: UTF-8 up to a zero byte.</summary>
    public string ReadString(string element)
    {
        if (!IsAligned) throw Malformed($"{element} does not start at a byte");
        long start = Position;
        byte[] bytes = new byte[64];
        int count = 0;
        for (uint value = ReadBits(8); value != 0; value = ReadBits(8))
        {
            if (count == MaxStringBytes) throw Malformed($"{element} has no end within {MaxStringBytes} bytes");
            if (count == bytes.Length) Array.Resize(ref bytes, count * 2);
            bytes[count++] = (byte)value;
        }

        try
        {
            return StrictUtf8.GetString(bytes, 0, count);
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException(_source.Name, Place(), start, $"{element} is not UTF-8", e);
        }
    }

    /// <summary>align: a one, then zeros to the end of the byte.</summary>
    public void ReadAlignment()
    {
        bool stop = ReadFlag();
        uint rest = IsAligned ? 0 : ReadBits(8 - _bitsUsed);
        if (!stop || rest != 0) throw Malformed("alignment bits are not 1 0 0 ...; the header is damaged or of another edition");
    }

    /// <summary>The error for bytes that cannot be right, here.</summary>
    public readonly ModelFormatException Malformed(string problem) => new(_source.Name, Place(), Math.Min(Position, End), problem);

    internal static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string Place() => Item ?? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"unit {UnitNumber}");

    private void Refill()
    {
        _windowStart += _windowLength;
        _byteIndex = 0;
        _windowLength = 0;
        int count = (int)Math.Min(_window.Length, End - _windowStart);
        if (count <= 0) throw Malformed("the unit ends inside its header; the file is damaged, fetch it again");
        _source.Read(_windowStart, _window[..count]);
        _windowLength = count;
    }
}
