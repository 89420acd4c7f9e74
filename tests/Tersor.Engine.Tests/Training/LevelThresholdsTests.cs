using Tersor.Engine.Training;

namespace Tersor.Engine.Tests.Training;

public class LevelThresholdsTests
{
    /// <summary>By hand: a layer of 8 weights with 1, 2, 4 and 1 on the levels -2 to 1 has bits 3, 2, 1, 3; a threshold lies half the price times the difference of its neighbours' bits beside the middle.</summary>
    [Theory]
    [InlineData(0.0, new[] { -1.5f, -0.5f, 0.5f })]
    [InlineData(0.1, new[] { -1.55f, -0.55f, 0.6f })]
    [InlineData(2.0, new[] { -2.5f, -1.5f, 2.5f })]
    public void Cheap_levels_reach_further(double price, float[] expected)
    {
        LevelThresholds thresholds = LevelThresholds.Cheapest(-2, [3 * price, 2 * price, price, 3 * price]);
        Assert.Equal(expected, thresholds.Values.ToArray());
        Assert.Equal(-1, thresholds.Of(expected[1] - 0.01f));
        Assert.Equal(0, thresholds.Of(expected[1]));
        Assert.Equal(0, thresholds.Of(expected[2] - 0.01f));
        Assert.Equal(1, thresholds.Of(expected[2]));
    }

    /// <summary>By hand: (x + 2)^2 + 1 and x^2 + 1 meet at -1, where (x + 1)^2 + 5 is above both.</summary>
    [Fact]
    public void A_level_that_costs_too_much_is_never_chosen()
    {
        LevelThresholds thresholds = LevelThresholds.Cheapest(-2, [1, 5, 1]);
        Assert.Equal([-1f, -1f], thresholds.Values.ToArray());
        Assert.Equal((-2, 0), (thresholds.Of(-1.001f), thresholds.Of(-0.999f)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void No_level_would_be_cheaper_than_the_one_chosen(int bits)
    {
        Random random = new(bits);
        int lowest = -(1 << (bits - 1));
        for (int trial = 0; trial < 20; trial++)
        {
            double[] costs = [.. Enumerable.Range(0, 1 << bits).Select(_ => random.NextDouble() * trial)];
            LevelThresholds thresholds = LevelThresholds.Cheapest(lowest, costs);
            for (int i = 0; i < 200; i++)
            {
                float place = (float)((random.NextDouble() - 0.5) * 3 * (1 << bits));
                double Cost(int level) => ((place - level) * (place - level)) + costs[level - lowest];
                Assert.Equal(Enumerable.Range(lowest, 1 << bits).Min(Cost), Cost(thresholds.Of(place)), 1e-4 * (1 << bits));
            }
        }
    }

    [Theory]
    [InlineData(float.NegativeInfinity, -4)]
    [InlineData(float.PositiveInfinity, 3)]
    [InlineData(float.NaN, -4)]
    [InlineData(1e30f, 3)]
    public void Places_off_the_grid_have_levels_on_it(float place, int level) => Assert.Equal(level, LevelThresholds.Cheapest(-4, new double[8]).Of(place));
}
