using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

/// <summary>Levels on a uniform grid that lie within reach of their weights.</summary>
public class ErrorBoundedQuantizerTests
{
    [Fact]
    public void Levels_and_values_of_the_worked_example()
    {
        // The example's bound is 0.01; 0.13 / 0.02 as binary32 is just below 6.5.
        float[] weights = [0.10f, 0.13f, 0.155f, -0.02f, 0.101f];
        int[] levels = new int[weights.Length];

        Assert.True(ErrorBoundedQuantizer.TryQuantize(weights, step: 0.02, reach: 0.01, levels));

        Assert.Equal([5, 6, 8, -1, 5], levels);
        float[] values = new float[weights.Length];
        UniformQuantizer.Dequantize(levels, 0.02, values);
        Assert.All(values.Zip([0.1, 0.12, 0.16, -0.02, 0.1]), pair => Assert.Equal(pair.Second, pair.First, 1e-8));
    }

    [Fact]
    public void Of_the_levels_within_reach_the_one_nearest_to_zero_is_taken()
    {
        Seeded random = new(2);
        float[] weights = [.. Enumerable.Range(0, 5000).Select(_ => random.NextGaussian()), 0, -0f, 0.5f, -0.5f];
        int[] levels = new int[weights.Length];
        foreach ((double step, double reach) in ((double, double)[])[(1, 0.5), (0.25, 0.13), (0.1, 0.3)])
        {
            Assert.True(ErrorBoundedQuantizer.TryQuantize(weights, step, reach, levels));
            Assert.All(weights.Zip(levels), pair =>
            {
                double magnitude = Math.Abs((double)pair.First);
                int level = Math.Abs(pair.Second);
                Assert.InRange(magnitude - (level * step), -reach, reach);
                if (level > 0) Assert.True(magnitude - ((level - 1) * step) > reach, $"{pair}");
                Assert.True(pair.Second == 0 || pair.Second < 0 == pair.First < 0, $"{pair}");
            });
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(3e9f)]
    public void A_weight_without_a_level_is_told(float weight)
    {
        int[] levels = new int[3];

        Assert.False(ErrorBoundedQuantizer.TryQuantize([1, weight, 2], 1, 0.5, levels));
    }

    [Fact]
    public void Gaps_between_levels_and_steps_that_are_none_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ErrorBoundedQuantizer.TryQuantize([1f], 1, 0.49, new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ErrorBoundedQuantizer.TryQuantize([1f], 1, double.NaN, new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ErrorBoundedQuantizer.TryQuantize([1f], 0, 1, new int[1]));
        Assert.Throws<ArgumentException>(() => ErrorBoundedQuantizer.TryQuantize([1f], 1, 1, new int[2]));
    }
}
