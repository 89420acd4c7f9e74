using System.Numerics;

namespace Tersor.Models.Onnx;

/// <summary>Protobuf's base-128 numbers: seven bits in a byte, the lowest first, the high bit where more follow.</summary>
internal static class Varint
{
    public const int MaxWidth = 10;

    /// <summary>Bytes of the shortest form.</summary>
    public static int Width(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>Writes <paramref name="value"/> in exactly <paramref name="width"/> bytes, padded with continuation bytes where it needs fewer.</summary>
    public static void Write(Span<byte> destination, ulong value, int width)
    {
        for (int i = 0; i < width - 1; i++)
        {
            destination[i] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[width - 1] = (byte)value;
    }

    /// <summary>
    /// Width of a length prefix that changes from <paramref name="oldLength"/> to <paramref name="newLength"/>: the shortest, unless the old one was
    /// longer than it had to be. So a prefix that some writer padded comes back as it was when the length does.
    /// </summary>
    public static int PrefixWidth(int oldWidth, long oldLength, long newLength)
    {
        int shortest = Width((ulong)newLength);
        return oldWidth > Width((ulong)oldLength) && oldWidth >= shortest ? oldWidth : shortest;
    }

    /// <summary>A tag and the shortest length prefix.</summary>
    public static byte[] FieldHead(int fieldNumber, long length)
    {
        ulong tag = ((ulong)fieldNumber << 3) | (ulong)WireType.LengthDelimited;
        int tagWidth = Width(tag);
        int lengthWidth = Width((ulong)length);
        byte[] head = new byte[tagWidth + lengthWidth];
        Write(head, tag, tagWidth);
        Write(head.AsSpan(tagWidth), (ulong)length, lengthWidth);
        return head;
    }
}
