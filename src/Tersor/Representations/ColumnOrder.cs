namespace Tersor.Representations;

/// <summary>Checks of the column indices of a serialized form: a column twice in a row would be multiplied twice and converted once.</summary>
internal static class ColumnOrder
{
    /// <summary>Refuses indices that do not ascend within the columns, and adds them to a list where there is one.</summary>
    public static void CheckAscending(ref RepresentationReader reader, PackedIndices indices, int start, int end, int columns, List<int>? found = null)
    {
        int last = -1;
        for (int i = start; i < end; i++)
        {
            int column = indices[i];
            if (column <= last || column >= columns) throw reader.Damaged($"colI[{i}] is {column}: after {last} and before {columns} is expected");
            last = column;
            found?.Add(column);
        }
    }

    /// <summary>Refuses a column that occurs twice in a row.</summary>
    public static void CheckDistinct(ref RepresentationReader reader, List<int> row)
    {
        row.Sort();
        for (int i = 1; i < row.Count; i++)
        {
            if (row[i] == row[i - 1]) throw reader.Damaged($"column {row[i]} occurs twice in a row");
        }
    }
}
