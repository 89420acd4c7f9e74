using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public class LocalScalingTests
{
    [Fact]
    public void The_factor_of_a_row_is_the_one_with_the_least_error()
    {
        float[] weights = [0.52f, -0.27f, 0.11f, 0.80f];
        float[] values = [0.5f, -0.25f, 0, 0.75f];
        float[] factors = new float[1];
        LocalScaling.Fit(weights, values, [], factors);

        Assert.Equal(1.06, factors[0], 1e-6);
        Assert.Equal(0.01225, Importance.Distortion(weights, [.. values.Select(value => value * factors[0])], []), 1e-6);
    }

    [Fact]
    public void Scaled_rows_are_orthogonal_to_their_errors_by_importance()
    {
        float[] weights = Tensors.Gaussian(60, 1, seed: 1);
        float[] values = [.. weights.Select(weight => MathF.Round(0.9f * weight))];
        float[] importance = [.. Tensors.Gaussian(60, 1, seed: 2).Select(value => value * value)];
        float[] factors = new float[3];
        LocalScaling.Fit(weights, values, importance, factors);

        for (int row = 0; row < 3; row++)
        {
            Range range = (20 * row)..(20 * (row + 1));
            float[] scaled = [.. values[range].Select(value => value * factors[row])];
            Assert.Equal(0, Importance.Correlation(weights[range], scaled, importance[range]), 1e-4);
        }
    }

    [Fact]
    public void Rows_of_zeros_and_rows_that_lost_their_direction_are_not_blown_up()
    {
        float[] factors = new float[3];
        LocalScaling.Fit([1, 2, 100, 1, -1, -2], [0, 0, 1, 1, 1, 2], [], factors);

        Assert.Equal([1, 2, 0.5f], factors);
    }

    [Fact]
    public void Weights_that_make_no_rows_are_refused() =>
        Assert.Throws<ArgumentException>(() => LocalScaling.Fit(new float[10], new float[10], [], new float[3]));
}
