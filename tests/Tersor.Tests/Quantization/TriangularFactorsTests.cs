using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public class TriangularFactorsTests
{
    [Theory]
    [InlineData(0.001)]
    [InlineData(0.1)]
    [InlineData(3)]
    public void The_factors_multiply_to_the_damped_matrix(double damping)
    {
        for (int size = 1; size <= 70; size += size < 6 ? 1 : 16)
        {
            // Fewer samples than variables for the larger ones: they depend on one another.
            double[] matrix = SecondMoments.Correlated(size, samples: 30, seed: (ulong)size);
            double[] expected = SecondMoments.Damped(matrix, damping);
            double largest = expected.Max();

            TriangularFactors factors = new(size, [.. matrix], damping);

            Assert.All(factors.Costs, cost => Assert.True(cost > 0));
            for (int i = 0; i < size; i++)
            {
                for (int j = 0; j <= i; j++) Assert.Equal(expected[(i * size) + j], Product(factors, i, j), 1e-6 * largest);
            }
        }
    }

    [Fact]
    public void Only_the_lower_triangle_is_read()
    {
        double[] matrix = SecondMoments.Correlated(9, samples: 30, seed: 2);
        TriangularFactors whole = new(9, [.. matrix], 0.01);
        for (int i = 0; i < 9; i++) matrix.AsSpan((i * 9) + i + 1, 8 - i).Fill(double.NaN);

        TriangularFactors lower = new(9, matrix, 0.01);

        Assert.Equal(whole.Costs, lower.Costs);
        for (int i = 0; i < 9; i++) Assert.Equal(whole.Coefficients(i).ToArray(), lower.Coefficients(i).ToArray());
    }

    [Fact]
    public void Of_variables_that_are_always_zero_any_error_costs_the_same()
    {
        TriangularFactors factors = new(5, new double[25], 0.01);

        Assert.Equal([1f, 1f, 1f, 1f, 1f], factors.Costs);
        for (int i = 0; i < 5; i++) Assert.Equal(new float[i], factors.Coefficients(i).ToArray());
    }

    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(-1, 0, 1)]
    [InlineData(1, 0, -1)]
    [InlineData(-5, 0, -5)]
    [InlineData(1, double.NaN, 1)]
    [InlineData(double.NaN, 0, 1)]
    [InlineData(1, 0, double.NaN)]
    [InlineData(1, 0, double.PositiveInfinity)]
    [InlineData(1, double.PositiveInfinity, 1)]
    public void What_are_no_second_moments_is_refused(double first, double product, double second)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new TriangularFactors(2, [first, product, product, second], 0.01));
        Assert.StartsWith("No matrix of second moments: variable ", error.Message, StringComparison.Ordinal);
    }

    // Of the lower triangle of M^T D M.
    private static double Product(TriangularFactors factors, int i, int j)
    {
        double sum = 0;
        for (int k = i; k < factors.Costs.Length; k++) sum += (double)factors.Costs[k] * Entry(k, i) * Entry(k, j);
        return sum;

        float Entry(int row, int column) => row == column ? 1 : factors.Coefficients(row)[column];
    }
}
