using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

/// <summary>Levels whose values lie in geometric progression.</summary>
public class LogarithmicGridTests
{
    [Theory]
    [InlineData(0.9)]
    [InlineData(0.01)]
    [InlineData(1e-3)]
    [InlineData(1e-6)]
    public void Every_weight_from_the_least_normal_to_the_largest_number_has_a_value_within_the_bound(double bound)
    {
        Seeded random = new(3);
        float[] weights = new float[20_000];
        foreach (ref float weight in weights.AsSpan())
        {
            do weight = BitConverter.UInt32BitsToSingle((uint)random.NextUInt64());
            while (!float.IsNormal(weight));
        }

        weights[0] = 0;
        weights[1] = -0f;
        weights[2] = float.MaxValue;
        weights[3] = -float.MaxValue;
        double tolerance = bound - 1.2e-7;
        LogarithmicGrid grid = new(tolerance, LogarithmicGrid.TopFor(float.MaxValue, tolerance));
        int[] levels = new int[weights.Length];
        float[] values = new float[weights.Length];

        Assert.True(grid.TryQuantize(weights, bound, levels));
        grid.Reconstruct(levels, values);

        Assert.All(weights.Zip(values), pair =>
        {
            Assert.InRange(Math.Abs((double)pair.First - pair.Second), 0, bound * Math.Abs((double)pair.First));
            Assert.True(pair.First == 0 || pair.First < 0 == pair.Second < 0, $"{pair}");
        });
        Assert.Equal([0, 0, 1, -1], levels[..4]);
    }

    [Fact]
    public void A_grid_of_one_percent_has_35_levels_per_octave()
    {
        // log2(1.01 / 0.99) = 0.02885.
        LogarithmicGrid grid = new(0.01, 8);
        int[] levels = new int[3];

        Assert.True(grid.TryQuantize([8, 4, -0.5f], 0.01, levels));

        Assert.Equal([1, 36, -140], levels);
    }

    [Fact]
    public void Any_level_has_a_finite_value()
    {
        float[] values = new float[5];
        foreach (double tolerance in (double[])[LogarithmicGrid.MinTolerance, 0.01, 0.999])
        {
            new LogarithmicGrid(tolerance, float.MaxValue).Reconstruct([int.MinValue, int.MaxValue, 0, 1, -1], values);

            Assert.Equal([0, 0, 0, float.MaxValue, -float.MaxValue], values);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(9f)]
    public void A_weight_off_the_grid_is_told(float weight)
    {
        Assert.False(new LogarithmicGrid(0.01, 8).TryQuantize([weight], 0.01, new int[1]));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(1e-9, 1)]
    [InlineData(0.1, 0)]
    [InlineData(0.1, float.NaN)]
    [InlineData(0.1, float.PositiveInfinity)]
    [InlineData(0.1, -1)]
    public void What_lays_out_no_grid_is_refused(double tolerance, float top) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LogarithmicGrid(tolerance, top));
}
