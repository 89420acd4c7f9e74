using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public class RowCurvatureTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 12, 1)]
    [InlineData(8, 5, 2)]
    [InlineData(6, 9, 6)]
    [InlineData(30, 20, 3)]
    public void The_cost_is_the_trace_of_the_product_of_both_moments(int rows, int columns, int groups)
    {
        double[][] inputs = [.. Enumerable.Range(0, groups).Select(group => SecondMoments.Correlated(columns, samples: 40, seed: (ulong)group))];
        double[] outputs = SecondMoments.Correlated(rows, samples: 40, seed: 77);
        for (ulong seed = 0; seed < 5; seed++)
        {
            float[] original = Tensors.Gaussian(rows * columns, 1, seed);
            float[] changed = Tensors.Gaussian(rows * columns, 1, seed + 100);
            double expected = Trace(
                original, changed, [.. inputs.Select(group => SecondMoments.Damped(group, 0.02))], SecondMoments.Damped(outputs, 0.3));

            RowCurvature curvature = new([.. inputs.Select(group => group.ToArray())], [.. outputs], 0.02, 0.3);

            Assert.Equal(expected, curvature.Cost(original, changed), 1e-5 * expected);
            Assert.Equal(0, curvature.Cost(original, original));
        }
    }

    [Fact]
    public void Rows_of_different_groups_do_not_make_up_for_one_another()
    {
        // All outputs always move together, so that opposite errors of two rows cancel out.
        double[] together = Enumerable.Repeat(1.0, 16).ToArray();
        RowCurvature curvature = new([SecondMoments.Identity(1), SecondMoments.Identity(1)], together, 1e-6, 1e-6);
        float[] zeros = new float[4];

        Assert.Equal(0, curvature.Cost(zeros, [1, -1, 0, 0]), 1e-4);
        Assert.Equal(2, curvature.Cost(zeros, [0, 1, -1, 0]), 1e-4);
    }

    [Fact]
    public void The_mean_is_what_an_error_costs_that_the_weights_behind_it_make_up_for()
    {
        // Of two variables of variance 1 and product p, the first one's errors cost 1 - p^2 and the second one's 1.
        RowCurvature curvature = new([SecondMoments.Paired(2, 0.8)], [4.0], 1e-9, 1e-9);
        Assert.Equal(4 * (0.36 + 1) / 2, curvature.Mean, 1e-6);
    }

    [Theory]
    [InlineData(0, 4, "There is no group of rows")]
    [InlineData(1, 3, "3 values are no square matrix")]
    [InlineData(1, 0, "0 values are no square matrix")]
    [InlineData(3, 4, "2 rows are not 3 groups")]
    public void Moments_of_other_sizes_are_refused(int groups, int outputs, string problem)
    {
        IReadOnlyList<double[]> inputs = [.. Enumerable.Range(0, groups).Select(_ => SecondMoments.Identity(3))];
        Assert.StartsWith(problem, Assert.Throws<ArgumentException>(() => new RowCurvature(inputs, new double[outputs], 1, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_of_different_lengths_and_no_damping_are_refused()
    {
        double[] two = SecondMoments.Identity(2);
        Assert.StartsWith(
            "Groups differ", Assert.Throws<ArgumentException>(() => new RowCurvature([SecondMoments.Identity(3), SecondMoments.Identity(2)], two, 1, 1)).Message, StringComparison.Ordinal);
        foreach (double damping in new[] { 0, -0.1, double.NaN })
        {
            Assert.ThrowsAny<ArgumentException>(() => new RowCurvature([SecondMoments.Identity(3)], [.. two], damping, 1));
            Assert.ThrowsAny<ArgumentException>(() => new RowCurvature([SecondMoments.Identity(3)], [.. two], 1, damping));
        }
    }

    [Fact]
    public void Weights_of_another_tensor_are_refused()
    {
        RowCurvature curvature = new([SecondMoments.Identity(3)], SecondMoments.Identity(2), 1, 1);
        Assert.Throws<ArgumentException>(() => curvature.Cost(new float[5], new float[5]));
        Assert.Throws<ArgumentException>(() => curvature.Cost(new float[6], new float[5]));
    }

    // As defined: for every two rows of a group and every two columns.
    private static double Trace(float[] original, float[] changed, double[][] inputs, double[] outputs)
    {
        int rows = (int)Math.Sqrt(outputs.Length);
        int columns = original.Length / rows;
        int rowsPerGroup = rows / inputs.Length;
        double sum = 0;
        for (int i = 0; i < rows; i++)
        {
            int group = i / rowsPerGroup;
            for (int j = group * rowsPerGroup; j < (group + 1) * rowsPerGroup; j++)
            {
                for (int k = 0; k < columns; k++)
                {
                    for (int l = 0; l < columns; l++)
                        sum += outputs[(i * rows) + j] * Error(j, l) * inputs[group][(l * columns) + k] * Error(i, k);
                }
            }
        }

        return sum;

        double Error(int row, int column) => (double)changed[(row * columns) + column] - original[(row * columns) + column];
    }
}
