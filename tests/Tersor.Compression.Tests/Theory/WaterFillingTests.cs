using Tersor.Compression.Theory;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Theory;

public class WaterFillingTests
{
    private static readonly double[] Importances = [4, 1, 0.25];
    private static readonly double[] Variances = [1, 1, 1];

    [Theory]
    [InlineData(3.0, 1.75, 0.596323, new double[] { 0.4375, 1, 1 })]
    [InlineData(1.5, 0.625, 1.678072, new double[] { 0.15625, 0.625, 1 })]
    [InlineData(0.6, 0.2, 3.482892, new double[] { 0.05, 0.2, 0.8 })]
    [InlineData(5.25, 4, 0, new double[] { 1, 1, 1 })]
    [InlineData(99, 4, 0, new double[] { 1, 1, 1 })]
    public void The_water_stands_at_one_level_over_all_weights_that_get_bits(double distortion, double level, double bits, double[] errors)
    {
        WaterFilling filling = WaterFilling.At(distortion, Importances, Variances);

        Assert.Equal(level, filling.Level, 1e-12);
        Assert.Equal(bits, filling.Bits, 1e-6);
        Assert.Equal(Math.Min(distortion, 5.25), filling.Distortion, 1e-12);
        Assert.Equal(errors, filling.Errors, (expected, actual) => Math.Abs(expected - actual) < 1e-12);
    }

    [Fact]
    public void More_distortion_saves_ever_fewer_bits()
    {
        Seeded random = new(1);
        double[] importances = [.. Enumerable.Range(0, 20).Select(_ => Math.Exp(random.NextGaussian()))];
        double[] variances = [.. Enumerable.Range(0, 20).Select(_ => Math.Exp(random.NextGaussian()))];
        double[] bits = [.. Enumerable.Range(1, 60).Select(i => WaterFilling.At(0.5 * i, importances, variances).Bits)];
        double[] saved = [.. bits.Zip(bits.Skip(1), (before, after) => before - after)];

        Assert.All(saved, saving => Assert.True(saving >= 0));
        Assert.All(saved.Zip(saved.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1e-9));
    }

    [Fact]
    public void Weights_that_count_for_nothing_and_weights_that_are_zero_take_no_bits()
    {
        WaterFilling filling = WaterFilling.At(0.25, [0, 1, 1], [1, 0, 1]);

        Assert.Equal(1, filling.Bits, 1e-9);
        Assert.Equal([1, 0, 0.25], filling.Errors);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(-1, 1, 1)]
    [InlineData(double.NaN, 1, 1)]
    [InlineData(1, -1, 1)]
    [InlineData(1, double.NaN, 1)]
    [InlineData(1, 1, double.PositiveInfinity)]
    public void What_is_no_distortion_importance_or_variance_is_refused(double distortion, double importance, double variance) =>
        Assert.ThrowsAny<ArgumentException>(() => WaterFilling.At(distortion, [importance], [variance]));

    // Theorem 3: an error that does not depend on what was kept, normal, of the variance that the filling says, reaches the bound.
    [Fact]
    public void The_bound_of_a_linear_model_is_reached_by_a_test_channel()
    {
        const int Draws = 200_000;
        double[] inputVariances = [4, 1, 0.25];
        double[] weightVariances = [1, 0.5, 2];
        WaterFilling filling = WaterFilling.At(1.2, inputVariances, weightVariances);
        Seeded random = new(7);
        (double outputError, double[] products, double[] kept) = (0, new double[3], new double[3]);
        for (int draw = 0; draw < Draws; draw++)
        {
            double error = 0;
            for (int i = 0; i < 3; i++)
            {
                double value = Math.Sqrt(weightVariances[i] - filling.Errors[i]) * random.NextGaussian();
                double weight = value + (Math.Sqrt(filling.Errors[i]) * random.NextGaussian());
                error += Math.Sqrt(inputVariances[i]) * random.NextGaussian() * (weight - value);
                products[i] += weight * value;
                kept[i] += value * value;
            }

            outputError += error * error;
        }

        // Of two normal numbers the information is -1/2 log2(1 - r^2), with their correlation r.
        double bits = 0;
        for (int i = 0; i < 3; i++)
        {
            if (kept[i] > 0) bits -= Math.Log2(1 - (products[i] * products[i] / (kept[i] * Draws * weightVariances[i]))) / 2;
        }

        Assert.Equal(filling.Distortion, outputError / Draws, 0.02 * filling.Distortion);
        Assert.Equal(filling.Bits, bits, 0.02 * filling.Bits);
    }
}
