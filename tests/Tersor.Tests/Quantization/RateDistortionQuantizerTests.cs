using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class RateDistortionQuantizerTests
{
    // With all contexts fresh, zero costs one bin of 0, one a bin of 1, a bin of 0 for each of sign and greater flag.
    private static readonly double FlipLambda =
        ((0.6 * 0.6) - (0.4 * 0.4)) / (RateTable.Cost(0, 1) + RateTable.Cost(0, 0)) * RateTable.OneBit / (Math.Log(2) / 6);

    [Theory]
    [InlineData(0.999, 1)]
    [InlineData(1.001, 0)]
    public void Quantize_GivesUpALevelWhereItsBitsCostMoreThanItsError(double factor, int expected)
    {
        int[] levels = new int[1];

        RateDistortionQuantizer.Quantize([0.6f], 1, Tensors.Matrix(1, 1, dependent: false), FlipLambda * factor, [], levels);

        Assert.Equal(expected, levels[0]);
    }

    [Fact]
    public void Quantize_ImportanceCountsAgainstLambda()
    {
        int[] levels = new int[1];

        RateDistortionQuantizer.Quantize([0.6f], 1, Tensors.Matrix(1, 1, dependent: false), FlipLambda * 2.999, [3], levels);

        Assert.Equal(1, levels[0]);
    }

    [Fact]
    public void Quantize_LambdaZero_IsNearest()
    {
        float[] weights = Tensors.Gaussian(1000, 1, 2);
        int[] levels = new int[weights.Length];
        int[] nearest = new int[weights.Length];

        RateDistortionQuantizer.Quantize(weights, 0.3, Tensors.Matrix(10, 100, dependent: false), 0, [], levels);
        UniformQuantizer.Quantize(weights, 0.3, nearest);

        Assert.Equal(nearest, levels);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.1f)]
    public void Quantize_IsNoWorseThanTheReference(float density)
    {
        const double Step = 0.0375;
        LevelSyntax syntax = Tensors.Matrix(60, 500, dependent: false);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.05f, 21, density);
        int[] levels = new int[weights.Length];

        RateDistortionQuantizer.Quantize(weights, Step, syntax, 1, [], levels);

        double Objective(int[] q) => Tensors.SquaredError(weights, q, Step) + (Math.Log(2) / 6 * 8 * Tensors.CodedBytes(syntax, q));
        Assert.True(Objective(levels) <= 1.0005 * Objective(new ReferenceEncoderRules(10).QuantizeUniform(weights, Step, 1)));
    }

    [Fact]
    public void Quantize_LargerLambda_TakesFewerBytesAndErrsMore()
    {
        LevelSyntax syntax = Tensors.Matrix(50, 200, dependent: false);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.05f, 4);
        int[] levels = new int[weights.Length];
        int bytes = int.MaxValue;
        double error = -1;
        foreach (double lambda in new[] { 0, 0.5, 1, 2, 4, 1000 })
        {
            RateDistortionQuantizer.Quantize(weights, 0.03, syntax, lambda, [], levels);
            Assert.InRange(Tensors.CodedBytes(syntax, levels), 0, bytes - 1);
            Assert.True(Tensors.SquaredError(weights, levels, 0.03) > error);
            bytes = Tensors.CodedBytes(syntax, levels);
            error = Tensors.SquaredError(weights, levels, 0.03);
        }

        Assert.All(levels, level => Assert.Equal(0, level));
    }

    [Fact]
    public void Quantize_StaysWithinOneStepOfNearest_OrAtZero()
    {
        float[] weights = Tensors.Gaussian(20_000, 40, 6);
        int[] levels = new int[weights.Length];
        int[] nearest = new int[weights.Length];
        UniformQuantizer.Quantize(weights, 0.01, nearest);

        RateDistortionQuantizer.Quantize(weights, 0.01, Tensors.Matrix(200, 100, dependent: false), 3, [], levels);

        for (int i = 0; i < levels.Length; i++)
            Assert.True(levels[i] == 0 || Math.Abs(nearest[i]) - Math.Abs(levels[i]) is 0 or 1, $"{nearest[i]} became {levels[i]}");
    }

    [Fact]
    public void Quantize_BlockScan_StartsEveryBlockRowAfresh()
    {
        LevelSyntax syntax = Tensors.Matrix(24, 37, dependent: false, scanOrder: 1);
        LevelSyntax oneBlockRow = Tensors.Matrix(8, 37, dependent: false, scanOrder: 1);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.3f, 8);
        int[] levels = new int[weights.Length];
        int[] blockRow = new int[8 * 37];

        RateDistortionQuantizer.Quantize(weights, 0.2, syntax, 1, [], levels);
        RateDistortionQuantizer.Quantize(weights.AsSpan(16 * 37), 0.2, oneBlockRow, 1, [], blockRow);

        Assert.Equal(blockRow, levels[(16 * 37)..]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(1, 3)]
    public void Quantize_OnAnyNumberOfThreads_GivesTheSameLevels(double lambda, int scanOrder)
    {
        LevelSyntax syntax = Tensors.Matrix(2001, 1001, dependent: false, scanOrder);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.05f, 4);
        int[] levels = new int[weights.Length];
        int[] sideBySide = new int[weights.Length];
        RateDistortionQuantizer.Quantize(weights, 0.05, syntax, lambda, [], levels);
        foreach (int threads in new[] { 1, 3 })
        {
            RateDistortionQuantizer.Quantize(weights, 0.05, syntax, lambda, default, sideBySide, new ParallelOptions { MaxDegreeOfParallelism = threads });
            Assert.Equal(levels, sideBySide);
        }

    }

    [Fact]
    public void Quantize_StoppedBefore_DoesNothing()
    {
        ParallelOptions parallel = new() { CancellationToken = new CancellationToken(canceled: true) };
        Assert.ThrowsAny<OperationCanceledException>(
            () => RateDistortionQuantizer.Quantize(new float[10], 1, Tensors.Matrix(1, 10, dependent: false), 1, default, new int[10], parallel));
    }

    [Fact]
    public void Quantize_ArgumentsThatDoNotFit_AreRefused()
    {
        LevelSyntax syntax = Tensors.Matrix(1, 2, dependent: false);
        Assert.Throws<ArgumentException>(() => RateDistortionQuantizer.Quantize([1, float.NaN], 1, syntax, 1, [], new int[2]));
        Assert.Throws<ArgumentException>(() => RateDistortionQuantizer.Quantize([1, 2], 1, syntax, 1, [], new int[1]));
        Assert.Throws<ArgumentException>(() => RateDistortionQuantizer.Quantize([1, 2], 1, syntax, 1, [0, -1], new int[2]));
        Assert.Throws<ArgumentException>(
            () => RateDistortionQuantizer.Quantize([1, 2], 1, Tensors.Matrix(1, 2, dependent: true), 1, [], new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateDistortionQuantizer.Quantize([1, 2], 1, syntax, -1, [], new int[2]));
    }
}
