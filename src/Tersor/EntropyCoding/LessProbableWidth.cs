namespace Tersor.EntropyCoding;

/// <summary>The width of the less probable bin's share of the range (NNC implementer's text, section 6.3).</summary>
internal static class LessProbableWidth
{
    // One word per WidthIndex of a context; byte c is the width for range class c = (range >> 5) & 7.
    private static readonly ulong[] Words = MakeWords();

    /// <summary>By <see cref="ContextModel.WidthIndex"/>: eight bytes, the lowest for range class 0.</summary>
    public static ReadOnlySpan<ulong> ByWidthIndex => Words;

    private static ulong[] MakeWords()
    {
        // Row: range class. Column: |probability >> 7|. The estimators stop near 123 and 1923 (the last step is 0), so column 32 is never asked for.
        ReadOnlySpan<byte> widths =
        [
            128, 112, 97, 84, 74, 65, 57, 50, 45, 39, 34, 30, 27, 23, 20, 18, 15, 14, 12, 11, 10, 9, 7, 7, 5, 5, 4, 4, 3, 3, 2, 2,
            142, 125, 108, 93, 82, 72, 63, 56, 50, 43, 38, 33, 30, 26, 22, 20, 17, 16, 13, 12, 11, 10, 8, 8, 6, 6, 5, 5, 3, 3, 2, 2,
            156, 137, 119, 103, 90, 79, 70, 61, 55, 48, 42, 37, 33, 28, 24, 22, 19, 17, 15, 13, 12, 11, 9, 9, 6, 6, 5, 5, 4, 4, 2, 2,
            171, 150, 130, 112, 99, 87, 76, 67, 60, 52, 46, 40, 36, 31, 27, 24, 21, 19, 16, 15, 13, 12, 10, 10, 7, 7, 6, 6, 4, 4, 3, 3,
            185, 162, 141, 121, 107, 94, 82, 73, 65, 56, 50, 43, 39, 34, 29, 26, 22, 21, 17, 16, 14, 13, 11, 11, 8, 8, 6, 6, 4, 4, 3, 3,
            199, 175, 152, 131, 115, 101, 89, 78, 70, 61, 54, 47, 42, 36, 31, 28, 24, 22, 19, 17, 15, 14, 12, 12, 8, 8, 7, 7, 5, 5, 3, 3,
            213, 187, 163, 140, 123, 108, 95, 84, 75, 65, 58, 50, 45, 39, 33, 30, 26, 24, 20, 18, 16, 15, 13, 13, 9, 9, 7, 7, 5, 5, 3, 3,
            228, 200, 174, 150, 132, 116, 102, 90, 80, 70, 62, 54, 48, 42, 36, 32, 28, 26, 22, 20, 18, 16, 14, 14, 10, 10, 8, 8, 6, 6, 4, 4,
        ];
        ulong[] words = new ulong[64];
        for (int index = 0; index < 64; index++)
        {
            int column = Math.Min(Math.Abs(index - 32), 31);
            for (int rangeClass = 0; rangeClass < 8; rangeClass++) words[index] |= (ulong)widths[(rangeClass * 32) + column] << (8 * rangeClass);
        }

        return words;
    }
}
