using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class KMeansTests
{
    // Deep Compression, worked example: the nine weights that survive pruning.
    private static readonly float[] Survivors = [-0.51f, 0.88f, 0.49f, -1.02f, 0.95f, 0.45f, -0.55f, -0.97f, 0.53f];

    [Theory]
    [InlineData(CentroidInitialization.Linear)]
    [InlineData(CentroidInitialization.Density)]
    [InlineData(CentroidInitialization.Optimal)]
    public void FindCentroids_WorkedExample(CentroidInitialization initialization)
    {
        double[] centroids = KMeans.FindCentroids(Survivors, 4, initialization);

        Assert.Equal([-0.995, -0.53, 0.49, 0.915], centroids, (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void FindCentroids_Optimal_IsTheBestOfAllPartitions()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            float[] values = Tensors.Gaussian(9, 1, seed);
            Array.Sort(values);
            double best = double.PositiveInfinity;
            for (int first = 1; first < 8; first++)
            {
                for (int second = first + 1; second < 9; second++)
                    best = Math.Min(best, Spread(values[..first]) + Spread(values[first..second]) + Spread(values[second..]));
            }

            Assert.Equal(best, Error(values, KMeans.FindCentroids(values, 3, CentroidInitialization.Optimal)), 9);
        }
    }

    [Theory]
    [InlineData(CentroidInitialization.Linear)]
    [InlineData(CentroidInitialization.Density)]
    [InlineData(CentroidInitialization.Random)]
    public void FindCentroids_Lloyd_EndsWhereEachCentroidIsTheMeanOfItsValues(CentroidInitialization initialization)
    {
        float[] values = Tensors.Gaussian(5000, 1, 7);
        double[] centroids = KMeans.FindCentroids(values, 32, initialization, seed: 5);

        Assert.Equal(32, centroids.Length);
        double optimum = Error(values, KMeans.FindCentroids(values, 32, CentroidInitialization.Optimal));
        Assert.InRange(Error(values, centroids), optimum, 2 * optimum);
        foreach (IGrouping<int, float> cluster in values.GroupBy(value => Nearest(value, centroids)))
            Assert.Equal(cluster.Average(value => (double)value), centroids[cluster.Key], 6);
    }

    [Fact]
    public void FindCentroids_Random_IsDecidedByTheSeed()
    {
        float[] values = Tensors.Gaussian(500, 1, 7);
        double[] Run(ulong seed) => KMeans.FindCentroids(values, 8, CentroidInitialization.Random, seed: seed);

        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));
    }

    [Fact]
    public void FindCentroids_Importance_ActsAsRepetition()
    {
        float[] values = [1, 2, 4, 8, 9];
        float[] importance = [3, 1, 2, 1, 1];
        float[] repeated = [1, 1, 1, 2, 4, 4, 8, 9];

        Assert.Equal(
            KMeans.FindCentroids(repeated, 2, CentroidInitialization.Optimal),
            KMeans.FindCentroids(values, 2, CentroidInitialization.Optimal, importance));
        Assert.Equal(KMeans.FindCentroids(repeated, 2), KMeans.FindCentroids(values, 2, importance: importance));
    }

    [Fact]
    public void FindCentroids_FewDistinctValues_AreTheCentroids()
    {
        Assert.Equal([-1, 3], KMeans.FindCentroids([3, 3, -1, 3], 8));
        Assert.Equal([5], KMeans.FindCentroids([5, 5], 1));
        Assert.Empty(KMeans.FindCentroids([], 4));
    }

    [Fact]
    public void FindCentroids_EmptyClusters_MoveToWhereTheErrorIs()
    {
        // Linear centroids between the far values see nothing of the crowd at 0.
        float[] values = [-100, 100, .. Enumerable.Range(0, 50).Select(i => i / 50f)];

        double[] centroids = KMeans.FindCentroids(values, 10);

        Assert.Equal(10, centroids.Length);
        Assert.All(centroids, centroid => Assert.Contains(values, value => Nearest(value, centroids) == Array.IndexOf(centroids, centroid)));
    }

    [Fact]
    public void FindCentroids_BadArguments_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => KMeans.FindCentroids([1, float.NaN], 2));
        Assert.Throws<ArgumentException>(() => KMeans.FindCentroids([1, 2], 2, importance: [1]));
        Assert.Throws<ArgumentException>(() => KMeans.FindCentroids([1, 2], 2, importance: [1, -1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => KMeans.FindCentroids([1, 2], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => KMeans.FindCentroids([1, 2, 3], 2, (CentroidInitialization)9));
    }

    private static double Spread(float[] values) => Error(values, [values.Average(value => (double)value)]);

    private static double Error(float[] values, double[] centroids) => values.Sum(value => Math.Pow(value - centroids[Nearest(value, centroids)], 2));

    private static int Nearest(float value, double[] centroids)
    {
        int best = 0;
        for (int j = 1; j < centroids.Length; j++)
        {
            if (Math.Abs(value - centroids[j]) < Math.Abs(value - centroids[best])) best = j;
        }

        return best;
    }
}
