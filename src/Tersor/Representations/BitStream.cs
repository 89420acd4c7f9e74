namespace Tersor.Representations;

/// <summary>Numbers of up to 16 bits, one after the other, least significant bits first: with four bits, the low half of a byte comes first.</summary>
internal static class BitStream
{
    /// <summary>Bytes that so many numbers take.</summary>
    public static int ByteCount(long count, int bits) => checked((int)(((count * bits) + 7) / 8));

    /// <summary>Sets a number where zeros are.</summary>
    public static void Write(Span<byte> bytes, long index, int bits, int value)
    {
        long at = index * bits;
        for (int left = bits, shifted = value << (int)(at % 8), i = (int)(at / 8); left + (at % 8) > 0; left -= 8, shifted >>= 8, i++)
        {
            if (i < bytes.Length) bytes[i] |= (byte)shifted;
        }
    }

    /// <summary>Reads a number.</summary>
    public static int Read(ReadOnlySpan<byte> bytes, long index, int bits)
    {
        long at = index * bits;
        int first = (int)(at / 8);
        int word = 0;
        for (int i = 0; i < 3 && first + i < bytes.Length; i++) word |= bytes[first + i] << (8 * i);
        return (word >> (int)(at % 8)) & ((1 << bits) - 1);
    }
}
