using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// The tables that adaptive contexts are driven by (NNC implementer's text, sections 6.3 and 7), side by side at one fixed address, so that loops over bins
/// need a single register for all of them.
/// </summary>
internal static unsafe class ContextTables
{
    /// <summary>Entries of the table of A: by bin, rate pair and A + 128.</summary>
    public const int ABinStride = RatePairCount * 256;

    /// <summary>Entries of the table of B: by bin, rate pair and (B + 2048) / 128, rounded up for bin 0.</summary>
    public const int BBinStride = RatePairCount * 64;

    /// <summary>Where the changes of B begin.</summary>
    public const int BStart = 2 * ABinStride;

    /// <summary>Where the less probable widths begin: one word per (probability >> 7) + 32; byte c is the width for range class c = (range >> 5) &amp; 7.</summary>
    public const int WidthStart = BStart + (2 * BBinStride);

    private const int RatePairCount = 4;
    private const int WidthCount = 64;

    // Pinned and never freed.
    private static readonly ulong[] Storage = Make();

    private static readonly nuint Address = (nuint)Unsafe.AsPointer(ref Storage[0]);

    /// <summary>
    /// All tables. An A or B entry is what the bin adds to the word of a <see cref="ContextModel"/>: to the estimator and to the probability value at once.
    /// </summary>
    public static ulong* Start => (ulong*)Address;

    private static ReadOnlySpan<short> Steps =>
    [
        2512, 2288, 2064, 1840, 1616, 1392, 1168, 944, 720, 560, 464, 368, 272, 208, 144, 80,
        64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 0,
    ];

    // The four pairs of shift parameters (sa, sb) that occur.
    private static ReadOnlySpan<byte> ARates => [5, 4, 6, 7];

    private static ReadOnlySpan<byte> BRates => [4, 5, 6, 5];

    // Row: range class. Column: |probability >> 7|. The estimators stop near 123 and 1923 (the last step is 0), so column 32 is never asked for.
    private static ReadOnlySpan<byte> Widths =>
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

    private static ulong[] Make()
    {
        ulong[] tables = GC.AllocateArray<ulong>(WidthStart + WidthCount, pinned: true);
        for (int pair = 0; pair < RatePairCount; pair++)
        {
            for (int a = -127; a <= 127; a++)
            {
                tables[(pair * 256) + a + 128] = ContextModel.ChangeOfA(-(Steps[16 + (-a >> 3)] >> ARates[pair]));
                tables[ABinStride + (pair * 256) + a + 128] = ContextModel.ChangeOfA(Steps[16 + (a >> 3)] >> ARates[pair]);
            }

            for (int group = 0; group < Steps.Length; group++)
            {
                tables[BStart + (pair * 64) + group + 1] = ContextModel.ChangeOfB(-(Steps[31 - group] >> BRates[pair]));
                tables[BStart + BBinStride + (pair * 64) + group] = ContextModel.ChangeOfB(Steps[group] >> BRates[pair]);
            }
        }

        for (int index = 0; index < WidthCount; index++)
        {
            int column = Math.Min(Math.Abs(index - 32), 31);
            for (int rangeClass = 0; rangeClass < 8; rangeClass++) tables[WidthStart + index] |= (ulong)Widths[(rangeClass * 32) + column] << (8 * rangeClass);
        }

        return tables;
    }
}
