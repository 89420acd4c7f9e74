using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tersor.Models;

/// <summary>Big-endian numbers read as little-endian ones, in parts where the numbers underneath can be.</summary>
internal sealed class ReversedByteOrder : ByteSource
{
    private readonly ByteSource _bigEndian;
    private readonly int _width;

    private ReversedByteOrder(ByteSource bigEndian, int width)
    {
        _bigEndian = bigEndian;
        _width = width;
    }

    /// <inheritdoc/>
    public override string Name => _bigEndian.Name;

    /// <inheritdoc/>
    public override long Length => _bigEndian.Length;

    /// <inheritdoc/>
    public override bool ReadsInParts => _bigEndian.ReadsInParts;

    /// <summary>Reverses the bytes of each number; single bytes are left as they are.</summary>
    /// <param name="bigEndian">A whole number of numbers.</param>
    /// <param name="width">Bytes of a number: 1, 2, 4 or 8. A complex element is two numbers.</param>
    public static ByteSource Of(ByteSource bigEndian, int width) => width == 1 ? bigEndian : new ReversedByteOrder(bigEndian, width);

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        int before = (int)(offset % _width);
        int after = (int)((_width - ((offset + destination.Length) % _width)) % _width);
        if (before == 0 && after == 0)
        {
            _bigEndian.Read(offset, destination);
            Reverse(destination);
            return;
        }

        byte[] whole = new byte[before + destination.Length + after];
        _bigEndian.Read(offset - before, whole);
        Reverse(whole);
        whole.AsSpan(before, destination.Length).CopyTo(destination);
    }

    private void Reverse(Span<byte> bytes)
    {
        switch (_width)
        {
            case 2:
                Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                BinaryPrimitives.ReverseEndianness(halves, halves);
                break;
            case 4:
                Span<uint> singles = MemoryMarshal.Cast<byte, uint>(bytes);
                BinaryPrimitives.ReverseEndianness(singles, singles);
                break;
            default:
                Span<ulong> doubles = MemoryMarshal.Cast<byte, ulong>(bytes);
                BinaryPrimitives.ReverseEndianness(doubles, doubles);
                break;
        }
    }
}
