namespace Tersor.EntropyCoding.Huffman;

/// <summary>
/// Lengths of the prefix code that takes the fewest bits of all whose codes are not longer than a limit: the package-merge algorithm (Larmore, Hirschberg, A fast algorithm
/// for optimal length-limited Huffman codes, J. ACM 1990), in n log n + n * limit steps.
/// </summary>
internal static class CodeLengths
{
    /// <summary>Finds the lengths.</summary>
    /// <param name="counts">How often each symbol occurs, not negative.</param>
    /// <param name="maxLength">Bits of the longest code.</param>
    /// <returns>A length per symbol: 0 for those that do not occur, 1 for one that is alone. Of symbols that occur equally often later ones have the shorter codes.</returns>
    /// <exception cref="ArgumentException">More symbols occur than codes of that length can tell apart.</exception>
    public static byte[] Shortest(ReadOnlySpan<long> counts, int maxLength)
    {
        byte[] lengths = new byte[counts.Length];
        (int[] symbols, long[] leaves) = SortUsed(counts);
        if (symbols.Length > 1L << maxLength)
            throw new ArgumentException($"{symbols.Length} symbols do not fit codes of {maxLength} bits.", nameof(counts));
        if (symbols.Length < 2)
        {
            foreach (int symbol in symbols) lengths[symbol] = 1;
            return lengths;
        }

        // Level by level, from the longest codes up: the symbols merged with pairs of what stands on the level below.
        bool[][] isLeaf = new bool[maxLength][];
        isLeaf[0] = new bool[leaves.Length];
        Array.Fill(isLeaf[0], true);
        long[] level = leaves;
        for (int depth = 1; depth < maxLength; depth++)
        {
            isLeaf[depth] = new bool[leaves.Length + (level.Length / 2)];
            level = Merge(leaves, level, isLeaf[depth]);
        }

        // The cheapest 2n - 2 of the last level; each pair among them takes two of the level below. A symbol's length is the number of levels that it is taken on.
        int taken = (2 * leaves.Length) - 2;
        for (int depth = maxLength - 1; depth >= 0; depth--)
        {
            int leafCount = isLeaf[depth].AsSpan(0, taken).Count(true);
            for (int i = 0; i < leafCount; i++) lengths[symbols[i]]++;
            taken = 2 * (taken - leafCount);
        }

        return lengths;
    }

    // From the rarest symbol to the most frequent.
    private static (int[] Symbols, long[] Counts) SortUsed(ReadOnlySpan<long> counts)
    {
        List<(long Count, int Symbol)> used = [];
        for (int symbol = 0; symbol < counts.Length; symbol++)
        {
            if (counts[symbol] > 0) used.Add((counts[symbol], symbol));
        }

        used.Sort();
        return ([.. used.Select(entry => entry.Symbol)], [.. used.Select(entry => entry.Count)]);
    }

    private static long[] Merge(long[] leaves, long[] below, bool[] isLeaf)
    {
        long[] merged = new long[isLeaf.Length];
        (int leaf, int pair) = (0, 0);
        for (int i = 0; i < merged.Length; i++)
        {
            long package = (2 * pair) + 1 < below.Length ? below[2 * pair] + below[(2 * pair) + 1] : long.MaxValue;
            isLeaf[i] = leaf < leaves.Length && leaves[leaf] <= package;
            merged[i] = isLeaf[i] ? leaves[leaf++] : package;
            if (!isLeaf[i]) pair++;
        }

        return merged;
    }
}
