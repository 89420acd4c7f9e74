namespace Tersor.Quantization;

/// <summary>
/// k-means on a line: centroids that leave the least sum of importance * (value - centroid)^2. Values are sorted once; after that an iteration costs a
/// binary search per centroid. Sums run in binary64 in sorted order, so the result is the same on every machine.
/// </summary>
public static class KMeans
{
    /// <summary>Iterations after which Lloyd's algorithm stops even if centroids still move.</summary>
    public const int MaxIterations = 1000;

    /// <summary>Finds centroids.</summary>
    /// <param name="values">Finite values; in pruned tensors the survivors, without the zeros.</param>
    /// <param name="count">How many centroids are wanted; fewer come where there are fewer distinct values.</param>
    /// <param name="initialization">Where to start.</param>
    /// <param name="importance">One factor per value, finite and not negative; empty for all 1.</param>
    /// <param name="seed">For <see cref="CentroidInitialization.Random"/>.</param>
    /// <param name="cancellationToken">Checked between the steps of the search; sorting the values is one of them.</param>
    /// <returns>Centroids, strictly increasing. None for no values.</returns>
    /// <exception cref="ArgumentException">A value is not finite, an importance is not allowed, or the lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is less than 1.</exception>
    public static double[] FindCentroids(
        ReadOnlySpan<float> values,
        int count,
        CentroidInitialization initialization = CentroidInitialization.Linear,
        ReadOnlySpan<float> importance = default,
        ulong seed = 0,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        NonFiniteWeight.Refuse(values);
        if (!importance.IsEmpty) SequentialArguments.CheckImportance(values.Length, importance);
        SortedPoints points = new(values, importance, cancellationToken);
        if (points.Count <= count) return points.Values.ToArray();
        if (initialization == CentroidInitialization.Optimal) return OptimalClustering.FindCentroids(points, count, cancellationToken);
        double[] centroids = initialization switch
        {
            CentroidInitialization.Linear => Linear(points, count),
            CentroidInitialization.Density => Density(points, count),
            CentroidInitialization.Random => Forgy(points, count, seed),
            _ => throw new ArgumentOutOfRangeException(nameof(initialization)),
        };
        return Lloyd(points, centroids, cancellationToken);
    }

    private static double[] Linear(SortedPoints points, int count)
    {
        double first = points.Values[0];
        double last = points.Values[^1];
        double[] centroids = new double[count];
        for (int j = 0; j < count; j++) centroids[j] = count == 1 ? (first + last) / 2 : first + ((last - first) * j / (count - 1));
        return centroids;
    }

    private static double[] Density(SortedPoints points, int count)
    {
        double[] centroids = new double[count];
        long seen = 0;
        int i = 0;
        for (int j = 0; j < count; j++)
        {
            // The middle of the j-th of equal shares.
            long rank = ((2L * j) + 1) * points.TotalMultiplicity / (2L * count);
            while (seen + points.Multiplicity(i) <= rank) seen += points.Multiplicity(i++);
            centroids[j] = points.Values[i];
        }

        return centroids;
    }

    private static double[] Forgy(SortedPoints points, int count, ulong seed)
    {
        SplitMix64 random = new(seed);
        int[] order = new int[points.Count];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        double[] centroids = new double[count];
        for (int j = 0; j < count; j++)
        {
            int drawn = j + random.NextBelow(order.Length - j);
            (order[j], order[drawn]) = (order[drawn], order[j]);
            centroids[j] = points.Values[order[j]];
        }

        Array.Sort(centroids);
        return centroids;
    }

    private static double[] Lloyd(SortedPoints points, double[] centroids, CancellationToken cancellationToken)
    {
        int[] ends = new int[centroids.Length];
        int[] lastEnds = new int[centroids.Length];
        for (int iteration = 0; iteration < MaxIterations; iteration++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int start = 0;
            for (int j = 0; j < centroids.Length; j++)
            {
                ends[j] = j == centroids.Length - 1
                    ? points.Count
                    : Math.Max(start, points.CountUpTo((centroids[j] + centroids[j + 1]) / 2));
                start = ends[j];
            }

            // The same clusters again have the same means again.
            if (iteration > 0 && ends.AsSpan().SequenceEqual(lastEnds)) break;
            start = 0;
            bool allFilled = true;
            for (int j = 0; j < centroids.Length; j++)
            {
                if (start == ends[j]) allFilled = false;
                else centroids[j] = points.Mean(start, ends[j], centroids[j]);
                start = ends[j];
            }

            (ends, lastEnds) = (lastEnds, ends);
            if (!allFilled) Refill(points, centroids, lastEnds);
        }

        return Distinct(centroids);
    }

    // A centroid without points moves to the point that errs most.
    private static void Refill(SortedPoints points, double[] centroids, int[] ends)
    {
        for (int j = 0; j < centroids.Length; j++)
        {
            if (ends[j] != (j == 0 ? 0 : ends[j - 1])) continue;
            double worstError = -1;
            double worst = centroids[j];
            int start = 0;
            for (int other = 0; other < centroids.Length; other++)
            {
                for (int i = start; i < ends[other]; i++)
                {
                    double distance = points.Values[i] - centroids[other];
                    double error = points.Importance(i) * distance * distance;
                    if (error <= worstError || Array.IndexOf(centroids, points.Values[i]) >= 0) continue;
                    worstError = error;
                    worst = points.Values[i];
                }

                start = ends[other];
            }

            centroids[j] = worst;
            Array.Sort(centroids);
            return;
        }
    }

    private static double[] Distinct(double[] sorted)
    {
        int count = 1;
        for (int j = 1; j < sorted.Length; j++)
        {
            if (sorted[j] > sorted[count - 1]) sorted[count++] = sorted[j];
        }

        return sorted[..count];
    }
}
