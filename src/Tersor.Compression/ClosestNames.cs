namespace Tersor.Compression;

/// <summary>Finds what someone probably meant: names at a small edit distance, or that contain the word.</summary>
public static class ClosestNames
{
    // A name longer than this is compared by containment only, so that a hostile file cannot make the quadratic distance slow.
    private const int LongestCompared = 200;

    /// <summary>Up to <paramref name="count"/> names, nearest first; none where nothing is near.</summary>
    public static IReadOnlyList<string> Find(string word, IEnumerable<string> names, int count = 3)
    {
        int farthest = Math.Max(1, word.Length / 3);
        (string Name, int Distance)[] near =
        [
            .. names
                .Select(name => (Name: name, Distance: Distance(word, name, farthest)))
                .Where(candidate => candidate.Distance <= farthest)
                .OrderBy(candidate => candidate.Distance)
                .ThenBy(candidate => candidate.Name, StringComparer.Ordinal),
        ];

        // One clear winner stands alone.
        return [.. near.TakeWhile(candidate => candidate.Distance <= near[0].Distance + 1).Take(count).Select(candidate => candidate.Name)];
    }

    /// <summary>Such as <c>Did you mean 'a' or 'b'?</c>; null where nothing is near.</summary>
    public static string? Hint(string word, IEnumerable<string> names)
    {
        IReadOnlyList<string> found = Find(word, names);
        return found.Count == 0 ? null : $"Did you mean {string.Join(" or ", found.Select(name => $"'{name}'"))}?";
    }

    private static int Distance(string word, string name, int farthest)
    {
        bool isPart = word.Length >= 3 && name.Contains(word, StringComparison.OrdinalIgnoreCase);
        int limit = isPart ? farthest : int.MaxValue;
        if (word.Length > LongestCompared || Math.Abs(word.Length - name.Length) > farthest) return limit;
        return Math.Min(limit, EditDistance(word.ToUpperInvariant(), name.ToUpperInvariant()));
    }

    // Optimal string alignment: insertions, deletions, substitutions, and swapped neighbours count one each.
    private static int EditDistance(string a, string b)
    {
        int[] beforePrevious = new int[b.Length + 1];
        int[] previous = new int[b.Length + 1];
        int[] current = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) previous[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(substitution, Math.Min(previous[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) current[j] = Math.Min(current[j], beforePrevious[j - 2] + 1);
            }

            (beforePrevious, previous, current) = (previous, current, beforePrevious);
        }

        return previous[b.Length];
    }
}
