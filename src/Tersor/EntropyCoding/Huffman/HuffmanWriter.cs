using System.Buffers.Binary;

namespace Tersor.EntropyCoding.Huffman;

/// <summary>Writes symbols, the first bit of a code into the highest free bit of a byte; the last byte is filled with zeros.</summary>
internal ref struct HuffmanWriter
{
    private readonly ReadOnlySpan<byte> _lengths;
    private readonly ReadOnlySpan<ushort> _codes;
    private readonly Span<byte> _destination;
    private int _position;

    // Bits not yet written, the first one highest.
    private ulong _window;
    private int _bitCount;

    /// <summary>Starts.</summary>
    /// <param name="code">Has a code for every symbol that is written.</param>
    /// <param name="destination">As many bytes as <see cref="HuffmanCode.CountBits"/> asks for.</param>
    public HuffmanWriter(HuffmanCode code, Span<byte> destination)
    {
        _lengths = code.Lengths;
        _codes = code.Codes;
        _destination = destination;
    }

    /// <summary>Writes a symbol.</summary>
    public void Write(int symbol)
    {
        _bitCount += _lengths[symbol];
        _window |= (ulong)_codes[symbol] << (64 - _bitCount);
        if (_bitCount < 32) return;
        BinaryPrimitives.WriteUInt32BigEndian(_destination[_position..], (uint)(_window >> 32));
        _position += 4;
        _window <<= 32;
        _bitCount -= 32;
    }

    /// <summary>Writes what is left of the last bytes.</summary>
    public void Finish()
    {
        for (; _bitCount > 0; _bitCount -= 8, _window <<= 8) _destination[_position++] = (byte)(_window >> 56);
    }
}
