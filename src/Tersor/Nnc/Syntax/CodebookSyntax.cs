using System.Globalization;

namespace Tersor.Nnc.Syntax;

/// <summary>
/// Codebook syntax (section 4.2): order u(4), size ue(2), zero offset ie(2), the entry at the zero index ie(7), then gaps to the left and to the right,
/// each ue(order) of the distance minus one.
/// </summary>
internal static class CodebookSyntax
{
    /// <summary>Most entries that are read; 16 M entries do not fit any use of a codebook.</summary>
    public const int MaxEntries = 1 << 24;

    private const int MaxOrder = 15;

    public static NncCodebook Read(ref BitReader reader)
    {
        int order = (int)reader.ReadBits(4);
        int size = reader.ReadExpGolomb(2, MaxEntries, "the codebook's size");
        long zero = (size >> 1) + reader.ReadSignedExpGolomb(2);
        if (zero < 0 || zero >= size)
            throw reader.Malformed(string.Create(CultureInfo.InvariantCulture, $"the codebook's zero index {zero} is not one of its {size} entries"));

        // Every entry but one takes a bit at least, so the file pays for the array.
        if (size - 1 > (reader.RemainingBytes + 1) * 8)
            throw reader.Malformed(string.Create(CultureInfo.InvariantCulture, $"a codebook of {size} entries does not fit the unit"));
        int[] entries = new int[size];
        long entry = reader.ReadSignedExpGolomb(7);
        entries[zero] = Checked(ref reader, entry);
        for (int i = (int)zero - 1; i >= 0; i--) entries[i] = Checked(ref reader, entries[i + 1] - 1 - reader.ReadExpGolomb(order));
        for (int i = (int)zero + 1; i < size; i++) entries[i] = Checked(ref reader, entries[i - 1] + 1 + reader.ReadExpGolomb(order));
        return new NncCodebook(entries, (int)zero);
    }

    public static void Write(BitWriter writer, NncCodebook codebook)
    {
        int order = BestOrder(codebook);
        writer.WriteBits((uint)order, 4);
        writer.WriteExpGolomb(codebook.Size, 2);
        writer.WriteSignedExpGolomb(codebook.ZeroIndex - (codebook.Size >> 1), 2);
        ReadOnlySpan<int> entries = codebook.Entries;
        writer.WriteSignedExpGolomb(entries[codebook.ZeroIndex], 7);
        for (int i = codebook.ZeroIndex - 1; i >= 0; i--) writer.WriteExpGolomb((long)entries[i + 1] - entries[i] - 1, order);
        for (int i = codebook.ZeroIndex + 1; i < entries.Length; i++) writer.WriteExpGolomb((long)entries[i] - entries[i - 1] - 1, order);
    }

    private static int BestOrder(NncCodebook codebook)
    {
        int best = 0;
        long bestBits = long.MaxValue;
        for (int order = 0; order <= MaxOrder; order++)
        {
            long bits = 0;
            for (int i = 1; i < codebook.Size; i++) bits += ExpGolombBits((long)codebook.Entries[i] - codebook.Entries[i - 1] - 1, order);
            if (bits < bestBits) (best, bestBits) = (order, bits);
        }

        return best;
    }

    private static int ExpGolombBits(long value, int order)
    {
        int bits = 1 + order;
        for (; value >= 1L << order; order++)
        {
            value -= 1L << order;
            bits += 2;
        }

        return bits;
    }

    private static int Checked(ref BitReader reader, long entry) => entry is >= int.MinValue and <= int.MaxValue
        ? (int)entry
        : throw reader.Malformed(string.Create(CultureInfo.InvariantCulture, $"codebook entry {entry} is beyond 32 bits"));
}
