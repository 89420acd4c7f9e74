using System.Buffers.Binary;

namespace Tersor.EntropyCoding.Huffman;

/// <summary>Reads what <see cref="HuffmanWriter"/> wrote, a table look-up per symbol; bytes may be any.</summary>
internal ref struct HuffmanReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly ushort[] _table;
    private readonly int _shift;
    private int _position;

    // The next bits, the first one highest; zeros behind them.
    private ulong _window;
    private int _bitCount;

    /// <summary>Starts.</summary>
    public HuffmanReader(HuffmanCode code, ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        _table = code.MakeTable();
        _shift = 64 - code.Longest;
    }

    /// <summary>Whether nothing is left but zeros that fill the last byte.</summary>
    public readonly bool IsAtEnd => _position == _bytes.Length && _bitCount < 8 && _window == 0;

    /// <summary>The next symbol; -1 where the bytes end before its code does, or no code is there.</summary>
    public int Read()
    {
        if (_bitCount < HuffmanCode.MaxLength) Refill();
        int entry = _table[(int)(_window >> _shift)];
        int length = entry & 15;
        if (length == 0 || length > _bitCount) return -1;
        _window <<= length;
        _bitCount -= length;
        return entry >> 4;
    }

    private void Refill()
    {
        if (_bytes.Length - _position >= 4)
        {
            _window |= (ulong)BinaryPrimitives.ReadUInt32BigEndian(_bytes[_position..]) << (32 - _bitCount);
            _position += 4;
            _bitCount += 32;
            return;
        }

        for (; _position < _bytes.Length; _bitCount += 8) _window |= (ulong)_bytes[_position++] << (56 - _bitCount);
    }
}
