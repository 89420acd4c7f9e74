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
    public override string? FilePath => _bigEndian.FilePath;

    /// <inheritdoc/>
    public override bool ReadsInParts => _bigEndian.ReadsInParts;

    /// <summary>Reverses the bytes of each number; single bytes are left as they are. A complex element is two numbers.</summary>
    /// <param name="bigEndian">Whole elements.</param>
    /// <param name="type">Their type, of 8 bits or more.</param>
    public static ByteSource Of(ByteSource bigEndian, ElementType type)
    {
        int width = type.BitWidth() / (type is ElementType.Complex64 or ElementType.Complex128 ? 16 : 8);
        return width == 1 ? bigEndian : new ReversedByteOrder(bigEndian, width);
    }

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
