namespace Tersor.Models.DeepCompression;

/// <summary>
/// The relative coding of sparse ids (Deep Compression, section 2): each entry is an id and, in 4 bits, the number of pruned weights skipped before
/// it. Where 16 or more are skipped, a filler (gap 15, id 0) stands on the sixteenth. Pruned weights behind the last entry are not coded.
/// </summary>
internal static class SparseIds
{
    private const int GapBits = 4;
    private const int MaxGap = (1 << GapBits) - 1;

    /// <summary>Bytes of <paramref name="entryCount"/> packed values of 4 or 8 bits.</summary>
    public static long PackedLength(long entryCount, int bits) => ((entryCount * bits) + 7) / 8;

    /// <summary>Where the last entry stands; -1 for no entries.</summary>
    public static long LastPosition(ReadOnlySpan<byte> gaps, int entryCount)
    {
        long position = -1;
        for (int i = 0; i < entryCount; i++) position += Nibble(gaps, i) + 1;
        return position;
    }

    /// <summary>Spreads entries over all weights; <paramref name="dense"/> must be zero and long enough.</summary>
    public static void Decode(ReadOnlySpan<byte> ids, ReadOnlySpan<byte> gaps, int entryCount, int idBits, Span<byte> dense)
    {
        int position = -1;
        for (int i = 0; i < entryCount; i++)
        {
            position += Nibble(gaps, i) + 1;
            dense[position] = idBits == 8 ? ids[i] : Nibble(ids, i);
        }
    }

    /// <summary>Codes all weights with as few fillers as there can be.</summary>
    /// <returns>The packed ids, the packed gaps, and how many entries they hold.</returns>
    public static (byte[] Ids, byte[] Gaps, int EntryCount) Encode(ReadOnlySpan<byte> dense, int idBits)
    {
        List<byte> ids = [], gaps = [];
        int run = 0;
        foreach (byte id in dense)
        {
            if (id == 0)
            {
                run++;
                continue;
            }

            for (; run > MaxGap; run -= MaxGap + 1)
            {
                ids.Add(0);
                gaps.Add(MaxGap);
            }

            ids.Add(id);
            gaps.Add((byte)run);
            run = 0;
        }

        return (idBits == 8 ? [.. ids] : PackNibbles(ids), PackNibbles(gaps), ids.Count);
    }

    private static byte Nibble(ReadOnlySpan<byte> packed, int index) => (byte)((packed[index >> 1] >> ((index & 1) << 2)) & 0xF);

    private static byte[] PackNibbles(List<byte> values)
    {
        byte[] packed = new byte[(values.Count + 1) / 2];
        for (int i = 0; i < values.Count; i++) packed[i >> 1] |= (byte)(values[i] << ((i & 1) << 2));
        return packed;
    }
}
