using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public class ImportanceTests
{
    [Fact]
    public void Normalized_importances_have_mean_1_and_leave_no_error_free()
    {
        float[] factors = Importance.Normalize([0, 1, 3, 16]);

        Assert.Equal(1, factors.Average(), 1e-6);
        Assert.Equal(0.5, factors[0] / factors[1], 1e-5);
        Assert.Equal(3, factors[2] / factors[1], 1e-5);
        Assert.Equal(16, factors[3] / factors[1], 1e-5);
    }

    [Fact]
    public void A_layer_that_nothing_is_known_of_counts_alike() => Assert.Equal([1, 1, 1], Importance.Normalize([0, 0, 0]));

    [Theory]
    [InlineData(float.NaN, "importance 1 is NaN")]
    [InlineData(float.PositiveInfinity, "importance 1 is Infinity")]
    [InlineData(-1f, "importance 1 is -1")]
    public void What_is_no_importance_is_named(float value, string problem) =>
        Assert.StartsWith(problem, Assert.Throws<ArgumentException>(() => Importance.Normalize([1, value, 1])).Message, StringComparison.Ordinal);

    [Fact]
    public void Weighted_clusters_have_the_least_weighted_error_and_keep_the_first_rule()
    {
        // Two centroids for five weights; the third counts tenfold.
        float[] weights = [0, 0.1f, 0.4f, 1.0f, 1.1f];
        float[] importance = [1, 1, 10, 1, 1];
        double[] plain = KMeans.FindCentroids(weights, 2);
        double[] weighted = KMeans.FindCentroids(weights, 2, importance: importance);

        Assert.Equal([1.0 / 6, 1.05], plain, Near);
        Assert.Equal([0.341667, 1.05], weighted, Near);
        Assert.Equal(0.091667, Importance.Distortion(weights, Assigned(plain), []), 1e-6);
        Assert.Equal(0.581667, Importance.Distortion(weights, Assigned(plain), importance), 1e-6);
        Assert.Equal(0.214167, Importance.Distortion(weights, Assigned(weighted), importance), 1e-6);
        Assert.Equal(0, Importance.Correlation(weights, Assigned(weighted), importance), 1e-6);

        float[] Assigned(double[] centroids) => [.. weights.Select(weight => (float)centroids.MinBy(centroid => Math.Abs(centroid - weight)))];
    }

    [Fact]
    public void Pruned_weights_keep_the_first_rule_whatever_counts()
    {
        float[] weights = Tensors.Gaussian(100, 1, seed: 3);
        float[] pruned = [.. weights.Select((weight, i) => i % 3 == 0 ? 0 : weight)];

        Assert.Equal(0, Importance.Correlation(weights, pruned, Tensors.Gaussian(100, 1, seed: 4).Select(MathF.Abs).ToArray()));
    }

    private static bool Near(double expected, double actual) => Math.Abs(expected - actual) < 1e-6;
}
