using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tersor.Representations;

/// <summary>Whole numbers in 8, 16 or 32 bits each, whichever hold the largest that there can be.</summary>
internal sealed class PackedIndices
{
    /// <summary>Makes room for zeros.</summary>
    public PackedIndices(int length, int width)
        : this(new byte[(long)length * width], width)
    {
    }

    /// <summary>Takes over the bytes of an array.</summary>
    public PackedIndices(byte[] bytes, int width)
    {
        Bytes = bytes;
        Width = width;
        Length = bytes.Length / width;
    }

    /// <summary>Little-endian.</summary>
    public byte[] Bytes { get; }

    /// <summary>Bytes of one: 1, 2 or 4.</summary>
    public int Width { get; }

    /// <summary>How many there are.</summary>
    public int Length { get; }

    public int this[int index]
    {
        get => Width switch
        {
            1 => Bytes[index],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.AsSpan(2 * index)),
            _ => BinaryPrimitives.ReadInt32LittleEndian(Bytes.AsSpan(4 * index)),
        };
        set
        {
            if (Width == 1) Bytes[index] = checked((byte)value);
            else if (Width == 2) BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(2 * index), checked((ushort)value));
            else BinaryPrimitives.WriteInt32LittleEndian(Bytes.AsSpan(4 * index), value);
        }
    }

    /// <summary>Bytes that numbers up to <paramref name="largest"/> take: 1, 2 or 4.</summary>
    public static int WidthFor(long largest) => largest <= byte.MaxValue ? 1 : largest <= ushort.MaxValue ? 2 : 4;

    /// <summary>Some of them: as they lie in memory where they have 32 bits, else copied.</summary>
    /// <param name="start">The first.</param>
    /// <param name="room">As many elements as are wanted.</param>
    public ReadOnlySpan<int> Slice(int start, Span<int> room)
    {
        if (Width == sizeof(int)) return MemoryMarshal.Cast<byte, int>(Bytes).Slice(start, room.Length);
        for (int i = 0; i < room.Length; i++) room[i] = this[start + i];
        return room;
    }

    /// <summary>All of them.</summary>
    public int[] ToArray()
    {
        int[] numbers = new int[Length];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = this[i];
        return numbers;
    }

    /// <summary>The array as a part of a representation.</summary>
    public StoredArray Describe(string name, long loadsPerProduct) => new(name, Length, 8 * Width, loadsPerProduct);
}
