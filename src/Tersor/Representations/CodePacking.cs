namespace Tersor.Representations;

/// <summary>
/// How codes of a row are packed into bytes. Sixteen bytes carry 16 columns for each code of a byte: code s of byte l is that of column 16 s + l, so that
/// sixteen lanes take their codes from the same place. What is left of a row is packed alike, in as many bytes as it needs instead of sixteen.
/// </summary>
/// <param name="CodesPerByte">8, 5, 4, 2 or 1.</param>
internal readonly record struct CodePacking(int CodesPerByte)
{
    /// <summary>Bytes of a whole chunk.</summary>
    public const int ChunkBytes = 16;

    /// <summary>A bit for each code.</summary>
    public static CodePacking Binary => new(8);

    /// <summary>Five base-3 digits to a byte.</summary>
    public static CodePacking Ternary => new(5);

    /// <summary>Columns of a whole chunk.</summary>
    public int ChunkColumns => ChunkBytes * CodesPerByte;

    /// <summary>Codes are told apart by base-3 digits, not by bits.</summary>
    public bool IsTernary => CodesPerByte == 5;

    /// <summary>Bits of a code in a byte; 0 for digits.</summary>
    public int Bits => IsTernary ? 0 : 8 / CodesPerByte;

    /// <summary>Different codes that there can be.</summary>
    public int CodeCount => IsTernary ? 3 : 1 << Bits;

    /// <summary>The narrowest packing by whole bits of at least two that holds so many values.</summary>
    public static CodePacking ForValues(int valueCount) => new(valueCount <= 4 ? 4 : valueCount <= 16 ? 2 : 1);

    /// <summary>Bytes of a row.</summary>
    public int RowBytes(int columns) => (columns / ChunkColumns * ChunkBytes) + (((columns % ChunkColumns) + CodesPerByte - 1) / CodesPerByte);

    /// <summary>Packs a chunk, whole or not.</summary>
    /// <param name="codes">The columns of the chunk.</param>
    /// <param name="bytes">As many as it needs.</param>
    public void Pack(ReadOnlySpan<ushort> codes, Span<byte> bytes)
    {
        for (int lane = 0; lane < bytes.Length; lane++)
        {
            int packed = 0;
            for (int s = 0; s < CodesPerByte; s++)
            {
                int column = (s * bytes.Length) + lane;
                int code = column < codes.Length ? codes[column] : 0;
                packed = IsTernary ? (3 * packed) + code : packed | (code << (s * Bits));
            }

            // As a fraction of 243 in 256ths, rounded up, digits come out by multiplications: times three, what passes 256 is the next one.
            bytes[lane] = (byte)(IsTernary ? ((packed * 256) + 242) / 243 : packed);
        }
    }

    /// <summary>The codes of a chunk, whole or not.</summary>
    public void Unpack(ReadOnlySpan<byte> bytes, Span<byte> codes)
    {
        for (int lane = 0; lane < bytes.Length; lane++)
        {
            int packed = bytes[lane];
            for (int s = 0; s < CodesPerByte; s++)
            {
                int code;
                if (IsTernary)
                {
                    packed *= 3;
                    code = packed >> 8;
                    packed &= 0xFF;
                }
                else
                {
                    code = (packed >> (s * Bits)) & ((1 << Bits) - 1);
                }

                int column = (s * bytes.Length) + lane;
                if (column < codes.Length) codes[column] = (byte)code;
            }
        }
    }
}
