using Tersor.Compression.Theory;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Theory;

public class SymmetricEigenvaluesTests
{
    [Theory]
    [InlineData(new double[] { 5 }, new double[] { 5 })]
    [InlineData(new double[] { 2, 1, 1, 2 }, new double[] { 1, 3 })]
    [InlineData(new double[] { 1, 0, 0, 0, 0, 0, 0, 0, -2 }, new double[] { -2, 0, 1 })]
    [InlineData(new double[] { 2, -1, 0, -1, 2, -1, 0, -1, 2 }, new double[] { 0.585786437626905, 2, 3.414213562373095 })]
    public void Of_small_matrices_they_are_known(double[] matrix, double[] expected) =>
        Assert.Equal(expected, SymmetricEigenvalues.Of(expected.Length, matrix).Order(), Near);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(65)]
    public void Mirrors_do_not_change_them(int size)
    {
        // Two reflections turn a diagonal matrix into a full one, half of whose values occur twice.
        Seeded random = new((ulong)size);
        double[] expected = [.. Enumerable.Range(0, size).Select(i => (double)(i / 2) - 3).Order()];
        double[] matrix = new double[size * size];
        for (int i = 0; i < size; i++) matrix[(i * size) + i] = expected[i];
        for (int mirror = 0; mirror < 2; mirror++)
        {
            double[] normal = [.. Enumerable.Range(0, size).Select(_ => (double)random.NextGaussian())];
            double square = normal.Sum(value => value * value);
            matrix = Times(size, Times(size, Mirror(), matrix), Mirror());

            double[] Mirror() => [.. Enumerable.Range(0, size * size).Select(at => (at / size == at % size ? 1 : 0) - (2 * normal[at / size] * normal[at % size] / square))];
        }

        Assert.Equal(expected, SymmetricEigenvalues.Of(size, matrix).Order(), Near);
    }

    [Fact]
    public void A_matrix_that_is_not_finite_is_refused() => Assert.Throws<ArgumentException>(() => SymmetricEigenvalues.Of(2, [1, 0, double.NaN, 1]));

    private static bool Near(double expected, double actual) => Math.Abs(expected - actual) < 1e-10;

    private static double[] Times(int size, double[] left, double[] right)
    {
        double[] product = new double[size * size];
        for (int i = 0; i < size; i++)
        {
            for (int k = 0; k < size; k++)
            {
                for (int j = 0; j < size; j++) product[(i * size) + j] += left[(i * size) + k] * right[(k * size) + j];
            }
        }

        return product;
    }
}
