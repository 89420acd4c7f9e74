using Tersor.Measures;
using Tersor.Models;

namespace Tersor.Tests.Measures;

public sealed class ValueDistributionTests
{
    [Fact]
    public void Measure_KnownValues_GivesMomentsAndCounts()
    {
        ValueDistribution distribution = Measure([0, -0f, 2, 4, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 4]);

        Assert.Equal(8, distribution.Count);
        Assert.Equal(1, distribution.NaNCount);
        Assert.Equal(2, distribution.InfinityCount);
        Assert.Equal(2, distribution.ZeroCount);
        Assert.Equal(0.25, distribution.Sparsity);
        Assert.Equal(0, distribution.Minimum);
        Assert.Equal(4, distribution.Maximum);
        Assert.Equal(2, distribution.Mean);
        Assert.Equal(Math.Sqrt(16.0 / 5), distribution.StandardDeviation, 12);
        Assert.Equal(3, distribution.DistinctCount);
        Assert.Equal(2, distribution.Histogram[0]);
        Assert.Equal(1, distribution.Histogram[128]);
        Assert.Equal(2, distribution.Histogram[255]);
        Assert.Equal((0.4 * Math.Log2(2.5) * 2) + (0.2 * Math.Log2(5)), distribution.EntropyBits, 12);
    }

    [Fact]
    public void Measure_AllBinsEquallyFull_HasEightBits()
    {
        ValueDistribution distribution = Measure([.. Enumerable.Range(0, 256).Select(i => (float)i)]);

        Assert.Equal(8, distribution.EntropyBits, 12);
        Assert.All(distribution.Histogram, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Measure_OneValue_HasNoEntropy()
    {
        ValueDistribution distribution = Measure([3, 3, 3]);

        Assert.Equal(0, distribution.EntropyBits);
        Assert.Equal(3, distribution.Histogram[0]);
        Assert.Equal(0, distribution.StandardDeviation);
        Assert.Equal(1, distribution.DistinctCount);
    }

    [Theory]
    [InlineData(new float[0])]
    [InlineData(new[] { float.NaN, float.PositiveInfinity })]
    public void Measure_NothingFinite_HasNoMoments(float[] values)
    {
        ValueDistribution distribution = Measure(values);

        Assert.True(double.IsNaN(distribution.Mean));
        Assert.True(double.IsNaN(distribution.Minimum));
        Assert.Equal(0, distribution.EntropyBits);
        Assert.Equal(0, distribution.DistinctCount);
        Assert.Equal(0, distribution.Sparsity);
    }

    [Fact]
    public void Measure_ExtremeRange_KeepsBinsInBounds()
    {
        double[] values = [double.MinValue, 0, double.MaxValue];
        Tensor tensor = new(
            "t", ElementType.Float64, new TensorShape(3), ByteSource.FromMemory(values.SelectMany(BitConverter.GetBytes).ToArray()));

        ValueDistribution distribution = ValueDistribution.Measure(tensor);

        Assert.Equal(3, distribution.Histogram.Sum());
        Assert.Equal(1, distribution.Histogram[128]);
    }

    [Fact]
    public void Measure_ManyDistinctValues_GivesUpCountingThem()
    {
        float[] values = [.. Enumerable.Range(0, ValueDistribution.MaxDistinctCount + 1).Select(i => (float)i)];

        Assert.Null(Measure(values).DistinctCount);
        Assert.Equal(ValueDistribution.MaxDistinctCount, Measure(values[1..]).DistinctCount);
    }

    private static ValueDistribution Measure(float[] values) => ValueDistribution.Measure(new Tensor("t", new TensorShape(values.Length), values));
}
