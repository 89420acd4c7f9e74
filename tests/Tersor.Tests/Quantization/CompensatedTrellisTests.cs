using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public class CompensatedTrellisTests
{
    private const double Step = 0.25;

    [Fact]
    public void The_second_weight_makes_up_for_the_error_of_the_first()
    {
        // Where both inputs are always the same, the sum of the errors counts. States 0 and 2 offer even levels: 0.8 + 0.9 is nearer to 2 than to 0.
        float[] weights = [0.8f, 0.9f];
        RowCurvature together = new([SecondMoments.Paired(2, 1)], [1.0], 0.01, 0.01);

        Assert.Equal([0, 2], Quantize(weights, 1, 0, together));
        Assert.Equal([0, 0], Quantize(weights, 1, 0, Uncorrelated(1, 2)));
    }

    [Fact]
    public void The_second_row_makes_up_for_the_error_of_the_first()
    {
        float[] weights = [0.8f, 0.9f];
        RowCurvature together = new([[1.0]], SecondMoments.Paired(2, 1), 0.01, 0.01);

        Assert.Equal([0, 2], Quantize(weights, 1, 0, together));
        Assert.Equal([0, 0], Quantize(weights, 1, 0, Uncorrelated(2, 1)));
    }

    [Fact]
    public void Steps_too_fine_to_make_up_for_anything_give_the_levels_of_the_trellis()
    {
        float[] weights = [3e5f, -2.5f, 1e-3f, 7e4f];
        int[] plain = new int[4];
        TrellisQuantizer.Quantize(weights, 1e-3, Tensors.Matrix(2, 2, dependent: true), 0, [], plain);
        RowCurvature together = new([SecondMoments.Paired(2, 1)], SecondMoments.Paired(2, 1), 0.01, 0.01);

        Assert.Equal(plain, Quantize(weights, 1e-3, 0, together));
        Assert.Equal(3e8, plain[0], 2.0);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 63)]
    [InlineData(3, 64)]
    [InlineData(5, 65)]
    [InlineData(200, 3)]
    [InlineData(40, 500)]
    [InlineData(17, 1100)]
    public void Without_correlations_the_error_is_the_least_that_a_trellis_can_reach(int rows, int columns)
    {
        float[] weights = Tensors.Gaussian(rows * columns, 0.4f, (ulong)columns);
        int[] least = new int[weights.Length];
        TrellisQuantizer.Quantize(weights, Step, Tensors.Matrix(rows, columns, dependent: true), 0, [], least);

        int[] levels = Quantize(weights, Step, 0, Uncorrelated(rows, columns));

        AssertHeldByTheStateMachine(levels);
        double expected = Tensors.SquaredError(weights, least, Step);
        Assert.Equal(expected, Tensors.SquaredError(weights, levels, Step), 1e-4 * expected);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Correlated_errors_cost_less_than_those_of_a_trellis_that_knows_nothing_of_them(bool inputs, bool outputs)
    {
        const int Rows = 30;
        const int Columns = 50;
        (double sum, double plainSum) = (0, 0);
        for (ulong seed = 0; seed < 20; seed++)
        {
            float[] weights = Tensors.Gaussian(Rows * Columns, 0.5f, seed);
            RowCurvature curvature = new(
                [inputs ? SecondMoments.Correlated(Columns, samples: 100, seed) : SecondMoments.Identity(Columns)],
                outputs ? SecondMoments.Correlated(Rows, samples: 100, seed + 1) : SecondMoments.Identity(Rows),
                0.01,
                0.01);
            int[] plain = new int[weights.Length];
            TrellisQuantizer.Quantize(weights, Step, Tensors.Matrix(Rows, Columns, dependent: true), 0, [], plain);

            int[] levels = Quantize(weights, Step, 0, curvature);

            AssertHeldByTheStateMachine(levels);
            double cost = Cost(curvature, weights, levels, Step);
            double plainCost = Cost(curvature, weights, plain, Step);
            Assert.True(cost < plainCost, $"seed {seed}: {cost}, without compensation {plainCost}");
            sum += cost;
            plainSum += plainCost;
        }

        Assert.InRange(sum, 0, 0.4 * plainSum);
    }

    [Fact]
    public void Rows_of_each_group_make_up_for_errors_by_the_moments_of_their_own_inputs()
    {
        const int Rows = 24;
        const int Columns = 20;
        double[][] groups = [SecondMoments.Correlated(Columns, samples: 100, seed: 1), SecondMoments.Identity(Columns), SecondMoments.Paired(Columns, -0.95)];
        RowCurvature Curvature() => new([.. groups.Select(group => group.ToArray())], SecondMoments.Identity(Rows), 0.01, 0.01);
        float[] weights = Tensors.Gaussian(Rows * Columns, 0.5f, 3);
        int[] plain = new int[weights.Length];
        TrellisQuantizer.Quantize(weights, Step, Tensors.Matrix(Rows, Columns, dependent: true), 0, [], plain);

        int[] levels = Quantize(weights, Step, 0, Curvature());

        // Where the inputs of a group are correlated, its rows cost less; where they are not, no more than the paths through the others make them.
        double Share(int group)
        {
            RowCurvature alone = new([groups[group].ToArray()], SecondMoments.Identity(Rows / 3), 0.01, 0.01);
            Range rows = (group * Rows / 3 * Columns)..((group + 1) * Rows / 3 * Columns);
            return Cost(alone, weights[rows], levels[rows], Step) / Cost(alone, weights[rows], plain[rows], Step);
        }

        Assert.InRange(Share(0), 0, 0.75);
        Assert.InRange(Share(1), 0.95, 1.05);
        Assert.InRange(Share(2), 0, 0.75);
    }

    [Theory]
    [InlineData(1, 1.5)]
    [InlineData(9, 1.25)]
    [InlineData(25, 1.1)]
    [InlineData(144, 1.05)]
    public void Short_rows_make_up_for_the_errors_of_rows_before_nearly_as_well_as_long_ones(int columns, double most)
    {
        const int Rows = 30;
        (double sum, double least) = (0, 0);
        for (ulong seed = 0; seed < 10; seed++)
        {
            float[] weights = Tensors.Gaussian(Rows * columns, 0.5f, seed);
            RowCurvature curvature = new([SecondMoments.Identity(columns)], SecondMoments.Correlated(Rows, samples: 100, seed), 1e-6, 0.01);
            int[] plain = new int[weights.Length];
            TrellisQuantizer.Quantize(weights, Step, Tensors.Matrix(Rows, columns, dependent: true), 0, [], plain);

            sum += Cost(curvature, weights, Quantize(weights, Step, 0, curvature), Step);

            // Each row as far from what makes up for those before it as a plain trellis stays from the weights.
            least += Step * Step * curvature.Mean * Tensors.SquaredError(weights, plain, Step);
        }

        Assert.InRange(sum, 0.9 * least, most * least);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.2f)]
    public void A_larger_lambda_takes_fewer_bytes_and_costs_more(float density)
    {
        const int Rows = 60;
        const int Columns = 80;
        LevelSyntax syntax = Tensors.Matrix(Rows, Columns, dependent: true);
        float[] weights = Tensors.Gaussian(Rows * Columns, 0.5f, 9, density);
        RowCurvature curvature = Correlated(Rows, Columns);
        int bytes = int.MaxValue;
        double cost = -1;
        int[] levels = [];
        foreach (double lambda in new[] { 0, 1, 2, 5, 1000 })
        {
            levels = Quantize(weights, Step, lambda, curvature);
            AssertHeldByTheStateMachine(levels);
            Assert.InRange(Tensors.CodedBytes(syntax, levels), 0, bytes - 1);
            double costs = Cost(curvature, weights, levels, Step);

            // Among small ones, which survivor lives on to the end is much of it.
            if (lambda > 1) Assert.True(costs > 1.5 * cost);
            else Assert.True(costs > 0.9 * cost);
            bytes = Tensors.CodedBytes(syntax, levels);
            cost = costs;
        }

        Assert.All(levels, level => Assert.Equal(0, level));
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.2f)]
    public void With_a_rate_cost_and_bits_together_are_less_than_a_plain_trellis_reaches(float density)
    {
        const int Rows = 60;
        const int Columns = 80;
        LevelSyntax syntax = Tensors.Matrix(Rows, Columns, dependent: true);
        float[] weights = Tensors.Gaussian(Rows * Columns, 0.5f, 11, density);
        RowCurvature curvature = Correlated(Rows, Columns);
        int[] plain = new int[weights.Length];
        foreach (double lambda in new[] { 0.3, 1 })
        {
            TrellisQuantizer.Quantize(weights, Step, syntax, lambda, [], plain);
            int[] levels = Quantize(weights, Step, lambda, curvature);

            double Objective(int[] q) =>
                (Cost(curvature, weights, q, Step) / curvature.Mean / (Step * Step)) + (lambda * 4 * Math.Log(2) / 6 * 0.7 * 8 * Tensors.CodedBytes(syntax, q));
            Assert.InRange(Objective(levels), 0, 0.95 * Objective(plain));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_tensor_of_several_windows_is_one_path(double lambda)
    {
        // Rows longer than what a window keeps.
        const int Rows = 20;
        const int Columns = 1100;
        LevelSyntax syntax = Tensors.Matrix(Rows, Columns, dependent: true);
        float[] weights = Tensors.Gaussian(Rows * Columns, 0.5f, 5);
        RowCurvature curvature = new([SecondMoments.Paired(Columns, 0.95)], SecondMoments.Paired(Rows, 0.9), 0.01, 0.01);
        int[] plain = new int[weights.Length];
        TrellisQuantizer.Quantize(weights, Step, syntax, lambda, [], plain);

        int[] levels = Quantize(weights, Step, lambda, curvature);

        AssertHeldByTheStateMachine(levels);
        foreach ((int first, int count) in new[] { (0, 8), (8, 8), (16, 4) })
        {
            RowCurvature part = new([SecondMoments.Paired(Columns, 0.95)], SecondMoments.Paired(count, 0.9), 0.01, 0.01);
            Range rows = (first * Columns)..((first + count) * Columns);
            Assert.InRange(Cost(part, weights[rows], levels[rows], Step), 0, 0.85 * Cost(part, weights[rows], plain[rows], Step));
        }
    }

    [Theory]
    [InlineData(1e6f, 1e-6)]
    [InlineData(2e9f, 0.01)]
    [InlineData(0.5f, 1e-6)]
    public void Levels_stay_within_reach_of_the_weights_whatever_the_moments(float deviation, double damping)
    {
        // Two samples for sixty variables: almost any error can be made up for, by ever larger ones.
        const int Side = 60;
        float[] weights = Tensors.Gaussian(Side * Side, deviation, 8);
        foreach (ref float weight in weights.AsSpan()) weight = Math.Clamp(weight, -LevelRange.MaxMagnitude, LevelRange.MaxMagnitude);
        double[] moments = SecondMoments.Correlated(Side, samples: 2, seed: 4);
        RowCurvature curvature = new([[.. moments]], [.. moments], damping, damping);
        int[] plain = new int[weights.Length];
        TrellisQuantizer.Quantize(weights, 1, Tensors.Matrix(Side, Side, dependent: true), 0, [], plain);

        int[] levels = Quantize(weights, 1, 0, curvature);

        AssertHeldByTheStateMachine(levels);
        Assert.InRange(Cost(curvature, weights, levels, 1), 0, Cost(curvature, weights, plain, 1));
    }

    [Fact]
    public void Runs_side_by_side_give_the_same_levels()
    {
        float[] weights = Tensors.Gaussian(30 * 70, 0.5f, 2);
        RowCurvature curvature = Correlated(30, 70);
        int[] levels = Quantize(weights, Step, 1, curvature);

        Parallel.For(0, 4, _ => Assert.Equal(levels, Quantize(weights, Step, 1, curvature)));
    }

    [Fact]
    public void Zeros_stay_zeros()
    {
        Assert.Equal(new int[30 * 70], Quantize(new float[30 * 70], Step, 0, Correlated(30, 70)));
    }

    [Fact]
    public void The_run_stops_before_a_row()
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        int[] levels = [7, 7];

        Assert.Throws<OperationCanceledException>(
            () => CompensatedTrellis.Quantize([1, 2], 1, Tensors.Matrix(1, 2, dependent: true), 0, Uncorrelated(1, 2), levels, stop.Token));
        Assert.Equal([7, 7], levels);
    }

    [Fact]
    public void A_weight_that_is_not_a_number_is_named()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Quantize([1, float.NaN], 1, 0, Uncorrelated(1, 2)));
        Assert.StartsWith("Weight 1 is NaN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_refused()
    {
        LevelSyntax syntax = Tensors.Matrix(1, 2, dependent: true);
        RowCurvature curvature = Uncorrelated(1, 2);
        Assert.Throws<ArgumentException>(() => CompensatedTrellis.Quantize([1, 2], 1, syntax, 0, curvature, new int[3]));
        Assert.Throws<ArgumentException>(() => CompensatedTrellis.Quantize([1], 1, syntax, 0, curvature, new int[1]));
        Assert.Throws<ArgumentException>(() => CompensatedTrellis.Quantize([1, 2], 1, syntax, 0, Uncorrelated(1, 3), new int[2]));
        Assert.Throws<ArgumentException>(() => CompensatedTrellis.Quantize([1, 2], 1, Tensors.Matrix(1, 2, dependent: false), 0, curvature, new int[2]));
        Assert.Throws<ArgumentException>(() => CompensatedTrellis.Quantize([1, 2], 1, Tensors.Matrix(1, 2, dependent: true, scanOrder: 1), 0, curvature, new int[2]));
        Assert.Throws<ArgumentException>(() => CompensatedTrellis.Quantize([1, 2], 1, syntax with { CodebookSize = 2 }, 0, curvature, new int[2]));
        Assert.Throws<ArgumentException>(() => CompensatedTrellis.Quantize([1, 3e9f], 1, syntax, 0, curvature, new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => CompensatedTrellis.Quantize([1, 2], 1, syntax, double.NaN, curvature, new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => CompensatedTrellis.Quantize([1, 2], 0, syntax, 0, curvature, new int[2]));
    }

    private static RowCurvature Uncorrelated(int rows, int columns) => new([SecondMoments.Identity(columns)], SecondMoments.Identity(rows), 1e-6, 1e-6);

    private static RowCurvature Correlated(int rows, int columns) =>
        new([SecondMoments.Correlated(columns, samples: 100, seed: 1)], SecondMoments.Correlated(rows, samples: 100, seed: 2), 0.03, 0.1);

    private static int[] Quantize(float[] weights, double step, double lambda, RowCurvature curvature)
    {
        int[] levels = new int[weights.Length];
        CompensatedTrellis.Quantize(weights, step, Tensors.Matrix(curvature.Rows, curvature.Columns, dependent: true), lambda, curvature, levels);
        return levels;
    }

    private static double Cost(RowCurvature curvature, float[] weights, int[] levels, double step)
    {
        float[] values = new float[levels.Length];
        UniformQuantizer.Dequantize(levels, step, values);
        return curvature.Cost(weights, values);
    }

    private static void AssertHeldByTheStateMachine(int[] levels)
    {
        int state = 0;
        foreach (int level in levels)
        {
            Assert.True(DependentQuantizer.CanExpress(state, level));
            state = DependentQuantizer.NextState(state, DependentQuantizer.ToSymbol(state, level));
        }
    }
}
