namespace Tersor.Representations;

/// <summary>Counts of arithmetic by rows.</summary>
internal static class RowArithmetic
{
    /// <summary>Additions that sum up the entries of every row: one less than there are in each that has any.</summary>
    /// <param name="rowPointers">Where each row's entries start, and the end.</param>
    public static long AdditionsOf(PackedIndices rowPointers)
    {
        long additions = 0;
        for (int row = 1; row < rowPointers.Length; row++) additions += Math.Max(0, rowPointers[row] - rowPointers[row - 1] - 1);
        return additions;
    }
}
