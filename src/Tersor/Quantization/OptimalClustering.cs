namespace Tersor.Quantization;

/// <summary>
/// k-means on a line solved exactly. Optimal clusters are stretches of the sorted points, and the best start of the last stretch never moves left when a
/// point is added, so each further centroid takes n log n steps by divide and conquer (Grønlund et al., arXiv 1701.07204).
/// </summary>
internal static class OptimalClustering
{
    public static double[] FindCentroids(SortedPoints points, int count, CancellationToken cancellationToken)
    {
        int n = points.Count;
        double[] errors = new double[n + 1];
        double[] next = new double[n + 1];
        int[][] starts = new int[count][];
        for (int end = 1; end <= n; end++) errors[end] = points.SquaredError(0, end);
        for (int clusters = 1; clusters < count; clusters++)
        {
            starts[clusters] = new int[n + 1];
            Fill(points, errors, next, starts[clusters], clusters, cancellationToken);
            (errors, next) = (next, errors);
        }

        double[] centroids = new double[count];
        int last = n;
        for (int j = count - 1; j >= 0; j--)
        {
            int start = j == 0 ? 0 : starts[j][last];
            centroids[j] = points.Mean(start, last, points.Values[start]);
            last = start;
        }

        return centroids;
    }

    // errors[e]: least error of points before e in the clusters so far. Fills next and starts for one cluster more. Every cluster gets a point.
    private static void Fill(SortedPoints points, double[] errors, double[] next, int[] starts, int clusters, CancellationToken cancellationToken)
    {
        Stack<(int Low, int High, int From, int To)> open = new();
        open.Push((clusters + 1, points.Count, clusters, points.Count - 1));
        while (open.TryPop(out (int Low, int High, int From, int To) range))
        {
            if (range.Low > range.High) continue;
            cancellationToken.ThrowIfCancellationRequested();
            int end = (range.Low + range.High) >>> 1;
            double least = double.PositiveInfinity;
            int best = range.From;
            for (int start = range.From; start <= Math.Min(range.To, end - 1); start++)
            {
                double error = errors[start] + points.SquaredError(start, end);
                if (error >= least) continue;
                least = error;
                best = start;
            }

            next[end] = least;
            starts[end] = best;
            open.Push((range.Low, end - 1, range.From, best));
            open.Push((end + 1, range.High, best, range.To));
        }
    }
}
