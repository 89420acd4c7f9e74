using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// What a context-coded bin costs in the arithmetic coder as it is, in 1/32768 bit: the mean of -log2(width / range) over the ranges 256 to 510, each
/// weighted by its inverse. Unlike <see cref="RateTable"/>, which prices the probability itself, it knows that the coder rounds widths, which costs up to
/// 15 % more where one bin is rare.
/// </summary>
internal static unsafe class CoderCost
{
    private const int WidthIndexCount = 64;

    // The costs of bin 0, then those of bin 1, by WidthIndex. Pinned and never freed.
    private static readonly long[] Costs = MakeCosts();

    private static readonly nuint Address = (nuint)Unsafe.AsPointer(ref Costs[0]);

    // By column of the widths' table, which is |probability >> 7|.
    private static ReadOnlySpan<int> LessProbable =>
    [
        36150, 42325, 49025, 56034, 62067, 68202, 74360, 80333, 85553, 92292, 98183, 104687, 109702, 116765, 123998, 128870,
        136203, 139907, 147959, 152354, 157494, 161638, 170606, 170606, 187130, 187130, 196740, 196740, 213350, 213350, 234079, 234079,
    ];

    private static ReadOnlySpan<int> MoreProbable =>
    [
        29642, 24844, 20709, 17257, 14824, 12751, 10996, 9549, 8456, 7241, 6333, 5470, 4890, 4180, 3564, 3203,
        2729, 2518, 2115, 1923, 1722, 1574, 1299, 1299, 912, 912, 743, 743, 523, 523, 337, 337,
    ];

    /// <summary>Cost of coding <paramref name="bin"/> with <paramref name="context"/> as it is now.</summary>
    /// <param name="context">The context before the bin.</param>
    /// <param name="bin">0 or 1, nothing else.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Of(ContextModel context, int bin) => OfBin(bin)[context.WidthIndex];

    /// <summary>The costs of a bin by <see cref="ContextModel.WidthIndex"/>.</summary>
    /// <param name="bin">0 or 1, nothing else.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long* OfBin(int bin) => (long*)Address + (bin * WidthIndexCount);

    private static long[] MakeCosts()
    {
        long[] costs = GC.AllocateArray<long>(2 * WidthIndexCount, pinned: true);
        for (int index = 0; index < WidthIndexCount; index++)
        {
            int column = Math.Min(Math.Abs(index - 32), 31);
            costs[index] = index < 32 ? MoreProbable[column] : LessProbable[column];
            costs[WidthIndexCount + index] = index < 32 ? LessProbable[column] : MoreProbable[column];
        }

        return costs;
    }
}
