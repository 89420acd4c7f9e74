namespace Tersor.Representations;

/// <summary>
/// Columns of groups as gaps: how many are passed over before each, from the group's last column on; the largest number that fits passes over as many columns and
/// stands for none.
/// </summary>
internal static class GroupGaps
{
    // An escape takes as long to read as an entry, and keeps those beside it from being read together.
    private const int EntriesPerEscape = 10;

    /// <summary>Bytes of gaps that there may be.</summary>
    public static ReadOnlySpan<int> Widths => [1, 2];

    /// <summary>The escape of a width, and the columns that it passes over: 255 or 65,535.</summary>
    public static int EscapeOf(int width) => (1 << (8 * width)) - 1;

    /// <summary>Bytes of a gap; 0 where columns are to be stored as they are: where that takes no more, or gaps would need escapes for more than one in ten entries.</summary>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="entries">Columns to be stored.</param>
    /// <param name="escapes">What <see cref="CountEscapes"/> counts.</param>
    public static int WidthFor(int columns, long entries, IReadOnlyList<long> escapes)
    {
        (int best, long bytes) = (0, entries * PackedIndices.WidthFor(columns - 1));
        for (int i = 0; i < Widths.Length; i++)
        {
            long gaps = (entries + escapes[i]) * Widths[i];
            if (gaps < bytes && escapes[i] <= entries / EntriesPerEscape && entries + escapes[i] <= Array.MaxLength) (best, bytes) = (Widths[i], gaps);
        }

        return best;
    }

    /// <summary>Adds up the escapes that the ascending columns of a group need, for each of <see cref="Widths"/>.</summary>
    public static void CountEscapes(ReadOnlySpan<int> group, Span<long> escapes)
    {
        int next = 0;
        foreach (int column in group)
        {
            for (int i = 0; i < escapes.Length && column - next >= EscapeOf(Widths[i]); i++) escapes[i] += (column - next) / EscapeOf(Widths[i]);
            next = column + 1;
        }
    }

    /// <summary>Stores the ascending columns of a group, and says where the next begins.</summary>
    public static int Write(PackedIndices target, int at, ReadOnlySpan<int> group)
    {
        int escape = EscapeOf(target.Width);
        int next = 0;
        foreach (int column in group)
        {
            for (; column - next >= escape; next += escape) target[at++] = escape;
            target[at++] = column - next;
            next = column + 1;
        }

        return at;
    }

    /// <summary>Entries among the gaps from <paramref name="from"/> up to <paramref name="to"/>.</summary>
    public static int CountEntries(PackedIndices gaps, int from, int to)
    {
        int escape = EscapeOf(gaps.Width);
        int count = 0;
        for (int i = from; i < to; i++) count += gaps[i] == escape ? 0 : 1;
        return count;
    }

    /// <summary>Refuses a group that leaves the columns or ends in an escape, and adds its columns to a list.</summary>
    public static void Check(ref RepresentationReader reader, PackedIndices gaps, int from, int to, int columns, List<int> decoded)
    {
        int escape = EscapeOf(gaps.Width);
        int next = 0;
        for (int i = from; i < to; i++)
        {
            int gap = gaps[i];
            if (gap == escape && i + 1 == to) throw reader.Damaged($"colI[{i}] passes over columns and nothing follows it");
            if (gap >= columns - next) throw reader.Damaged($"colI[{i}] passes over {gap} columns, {columns - next} are left");
            next += gap;
            if (gap == escape) continue;
            decoded.Add(next++);
        }
    }
}
