namespace Tersor.Representations;

/// <summary>Checks of the column indices of a serialized form: a column twice in a row would be multiplied twice and converted once.</summary>
internal static class ColumnOrder
{
    /// <summary>Refuses indices that do not ascend within the columns.</summary>
    public static void CheckAscending(ref RepresentationReader reader, PackedIndices indices, int start, int end, int columns)
    {
        int last = -1;
        for (int i = start; i < end; i++)
        {
            int column = indices[i];
            if (column <= last || column >= columns) throw reader.Damaged($"colI[{i}] is {column}: after {last} and before {columns} is expected");
            last = column;
        }
    }

    /// <summary>Refuses a column that occurs twice.</summary>
    public static void CheckDistinct(ref RepresentationReader reader, PackedIndices indices, int start, int end)
    {
        int[] sorted = new int[end - start];
        for (int i = 0; i < sorted.Length; i++) sorted[i] = indices[start + i];
        sorted.AsSpan().Sort();
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i] == sorted[i - 1]) throw reader.Damaged($"column {sorted[i]} occurs twice in a row");
        }
    }
}
