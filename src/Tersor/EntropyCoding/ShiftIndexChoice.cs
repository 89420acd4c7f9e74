namespace Tersor.EntropyCoding;

/// <summary>
/// Chooses the initialization index of every context from what its bins cost under each, the signalling included: the flags share one context that learns,
/// so what a flag costs depends on the choices before it. The list is walked once for all probabilities that context can have reached; of the ways that
/// lead to about the same one the cheapest is kept.
/// </summary>
internal static class ShiftIndexChoice
{
    private const int IndexBits = 3;
    private const int BucketShift = 6;
    private const int BucketCount = 8192 >> BucketShift;
    private const long Unreached = long.MaxValue;

    /// <summary>Chooses the indices.</summary>
    /// <param name="costs">By context of the list, <see cref="ContextModel.InitializationCount"/> each: the cost of its bins in 1/32768 bit.</param>
    /// <param name="indices">Receives an index per context.</param>
    /// <returns>The cost of all bins and flags together.</returns>
    public static long Choose(ReadOnlySpan<long> costs, Span<byte> indices)
    {
        // By list entry and bucket: the bucket that the cheapest way came from, and its flag in the top bit.
        var steps = new byte[indices.Length * BucketCount];
        Span<Way> ways = stackalloc Way[BucketCount];
        Span<Way> next = stackalloc Way[BucketCount];
        ways.Fill(new Way { Cost = Unreached });
        var start = default(ContextModel);
        start.Initialize(0);
        ways[Bucket(start)] = new Way { Flag = start };
        for (int i = 0; i < indices.Length; i++)
        {
            ReadOnlySpan<long> prices = costs.Slice(i * ContextModel.InitializationCount, ContextModel.InitializationCount);
            indices[i] = (byte)(1 + Cheapest(prices[1..]));
            next.Fill(new Way { Cost = Unreached });
            for (int bucket = 0; bucket < BucketCount; bucket++)
            {
                Way way = ways[bucket];
                if (way.Cost == Unreached) continue;
                for (int flag = 0; flag < 2; flag++)
                {
                    Way further = way;
                    further.Cost += CoderCost.Of(way.Flag, flag) + (flag == 0 ? prices[0] : prices[indices[i]] + (IndexBits * RateTable.OneBit));
                    further.Flag.Update(flag);
                    int reached = Bucket(further.Flag);
                    if (further.Cost >= next[reached].Cost) continue;
                    next[reached] = further;
                    steps[(i * BucketCount) + reached] = (byte)((flag << 7) | bucket);
                }
            }

            next.CopyTo(ways);
        }

        int end = 0;
        for (int bucket = 1; bucket < BucketCount; bucket++)
        {
            if (ways[bucket].Cost < ways[end].Cost) end = bucket;
        }

        long total = ways[end].Cost;
        for (int i = indices.Length - 1; i >= 0; i--)
        {
            int step = steps[(i * BucketCount) + end];
            if (step >> 7 == 0) indices[i] = 0;
            end = step & 0x7F;
        }

        return total;
    }

    /// <summary>About the cost that <see cref="Choose"/> ends with, for comparisons: every flag at a typical price.</summary>
    /// <param name="costs">As for <see cref="Choose"/>.</param>
    public static long Estimate(ReadOnlySpan<long> costs)
    {
        const long ZeroFlag = RateTable.OneBit / 4;
        const long OneFlag = (IndexBits + 1) * RateTable.OneBit;
        long total = 0;
        for (; !costs.IsEmpty; costs = costs[ContextModel.InitializationCount..])
        {
            ReadOnlySpan<long> others = costs[1..ContextModel.InitializationCount];
            total += Math.Min(costs[0] + ZeroFlag, others[Cheapest(others)] + OneFlag);
        }

        return total;
    }

    private static int Bucket(ContextModel flag) => (flag.Probability + 4096) >> BucketShift;

    private static int Cheapest(ReadOnlySpan<long> prices)
    {
        int cheapest = 0;
        for (int i = 1; i < prices.Length; i++)
        {
            if (prices[i] < prices[cheapest]) cheapest = i;
        }

        return cheapest;
    }

    private struct Way
    {
        public ContextModel Flag;
        public long Cost;
    }
}
