using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class TrellisQuantizerTests
{
    [Theory]
    [InlineData(new[] { -0.05f, 0.91f, -0.47f, -1.07f, 0.17f, 0.40f, 0.26f, 0.34f }, new[] { 0, 4, -2, -4, 1, 1, 1, 2 })]
    [InlineData(new[] { 0.9f, -0.35f, 0.12f, 0.62f, -1.1f, 0.3f }, new[] { 4, -2, 0, 3, -5, 2 })]
    public void Quantize_WorkedExamples(float[] weights, int[] expected)
    {
        int[] levels = new int[weights.Length];

        TrellisQuantizer.Quantize(weights, 0.25, Tensors.Matrix(1, weights.Length, dependent: true), 0, [], levels);

        Assert.Equal(expected, levels);
    }

    [SkippableFact]
    public void Quantize_WithoutRate_GivesTheLevelsOfTheReferenceEncoder()
    {
        foreach (QuantizationVector vector in QuantizationVector.All().Where(v => v.Lambda == 0 && v.Syntax.DependentQuantization))
        {
            int[] levels = new int[vector.Weights.Length];
            TrellisQuantizer.Quantize(vector.Weights, vector.Step, vector.Syntax, 0, [], levels);
            Assert.Equal(vector.Levels, levels);
        }
    }

    [Fact]
    public void Quantize_WithoutRate_FindsTheLeastErrorOfAllSequences()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            float[] weights = Tensors.Gaussian(6, 1.5f, seed);
            int[] levels = new int[weights.Length];
            TrellisQuantizer.Quantize(weights, 1, Tensors.Matrix(1, weights.Length, dependent: true), 0, [], levels);

            Assert.Equal(LeastError(weights, 0), Tensors.SquaredError(weights, levels, 1), 5);
        }
    }

    [Theory]
    [InlineData(0, 0, 0.3f)]
    [InlineData(1, 0, 0.3f)]
    [InlineData(1, 1, 0.3f)]
    [InlineData(0.2, 0, 30f)]
    [InlineData(0, 0, 3e6f)]
    [InlineData(0.01, 2, 3e6f)]
    public void VectorsAndScalars_AgreeAtEveryLength(double lambda, int scanOrder, float deviation)
    {
        for (int rows = 0; rows <= 130; rows += rows < 35 ? 1 : 13)
        {
            LevelSyntax syntax = Tensors.Matrix(rows, 3, dependent: true, scanOrder, greaterFlagCount: 4);
            float[] weights = Tensors.Gaussian(syntax.ElementCount, deviation, (ulong)rows, 0.8f);
            float[] importance = Tensors.Gaussian(weights.Length, 1, 77);
            foreach (ref float factor in importance.AsSpan()) factor = Math.Abs(factor);
            int[] vectors = new int[weights.Length];
            int[] scalars = new int[weights.Length];

            TrellisSearch Search(bool scalar) => new(0.25, lambda == 0 ? null : new TrellisRates(lambda, 4, int.MaxValue - 1), scalar);
            new TensorTrellis(new BlockScan(syntax), () => Search(scalar: false)).Run(weights, importance, vectors);
            new TensorTrellis(new BlockScan(syntax), () => Search(scalar: true)).Run(weights, importance, scalars);

            Assert.Equal(scalars, vectors);
            AssertHeldByTheStateMachine(vectors, syntax);
        }
    }

    [Fact]
    public void Quantize_WithoutRate_ErrsLessThanAUniformQuantizerOfTheSameRateCould()
    {
        float[] weights = Tensors.Gaussian(40_000, 5, 1);
        int[] levels = new int[weights.Length];

        TrellisQuantizer.Quantize(weights, 1, Tensors.Matrix(200, 200, dependent: true), 0, [], levels);

        // A uniform quantizer of step s errs by s^2 / 12. Each of the two here has step 2; together they err like one of 1.6 to 1.7.
        Assert.InRange(Math.Sqrt(12 * Tensors.SquaredError(weights, levels, 1) / weights.Length), 1.55, 1.7);
    }

    [Theory]
    [InlineData(1f, 0.3)]
    [InlineData(1f, 1)]
    [InlineData(0.1f, 0.3)]
    [InlineData(0.1f, 1)]
    public void Quantize_WithRate_IsNoWorseThanTheReferenceThatCopiesAllContexts(float density, double lambda)
    {
        const double Step = 0.02;
        LevelSyntax syntax = Tensors.Matrix(60, 500, dependent: true);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.05f, 21, density);
        int[] levels = new int[weights.Length];

        TrellisQuantizer.Quantize(weights, Step, syntax, lambda, [], levels);

        double Objective(int[] q) =>
            Tensors.SquaredError(weights, q, Step) + (lambda * 4 * Math.Log(2) / 6 * 0.7 * 8 * Tensors.CodedBytes(syntax, q));
        Assert.True(Objective(levels) <= 1.002 * Objective(new ReferenceEncoderRules(10).QuantizeDependent(weights, Step, lambda, odd: true)));
    }

    [Fact]
    public void Quantize_LargerLambda_TakesFewerBytesAndErrsMore()
    {
        LevelSyntax syntax = Tensors.Matrix(50, 200, dependent: true);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.05f, 4);
        int[] levels = new int[weights.Length];
        int bytes = int.MaxValue;
        double error = -1;
        foreach (double lambda in new[] { 0, 0.25, 0.5, 1, 2, 1000 })
        {
            TrellisQuantizer.Quantize(weights, 0.02, syntax, lambda, [], levels);
            Assert.InRange(Tensors.CodedBytes(syntax, levels), 0, bytes - 1);
            Assert.True(Tensors.SquaredError(weights, levels, 0.02) > error);
            bytes = Tensors.CodedBytes(syntax, levels);
            error = Tensors.SquaredError(weights, levels, 0.02);
        }

        Assert.All(levels, level => Assert.Equal(0, level));
    }

    [Fact]
    public void Quantize_ImportantWeights_ErrLess()
    {
        LevelSyntax syntax = Tensors.Matrix(50, 200, dependent: true);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.05f, 4);
        float[] importance = new float[weights.Length];
        for (int i = 0; i < importance.Length; i++) importance[i] = i % 2 == 0 ? 1.8f : 0.2f;
        int[] levels = new int[weights.Length];
        double[] errors = new double[2];

        TrellisQuantizer.Quantize(weights, 0.02, syntax, 1, importance, levels);

        for (int i = 0; i < weights.Length; i++) errors[i % 2] += Math.Pow((weights[i] / 0.02) - levels[i], 2);
        Assert.True(errors[0] < 0.5 * errors[1]);
    }

    [Fact]
    public void Quantize_BlockScan_IsTheSameSearchInTheOrderOfTheBlocks()
    {
        LevelSyntax syntax = Tensors.Matrix(21, 37, dependent: true, scanOrder: 1);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.3f, 8);
        int[] levels = new int[weights.Length];
        int[] inCodingOrder = new int[weights.Length];

        TrellisQuantizer.Quantize(weights, 0.1, syntax, 0, [], levels);
        TrellisQuantizer.Quantize(
            Tensors.InCodingOrder(weights, syntax), 0.1, Tensors.Matrix(1, weights.Length, dependent: true), 0, [], inCodingOrder);

        Assert.Equal(Tensors.InRowMajorOrder(inCodingOrder, syntax), levels);
    }

    [Theory]
    [InlineData(0, 0, 0.3f, 1f)]
    [InlineData(1, 0, 0.3f, 1f)]
    [InlineData(1, 0, 0.3f, 0.05f)]
    [InlineData(0, 2, 0.3f, 1f)]
    [InlineData(1, 1, 0.3f, 0.3f)]
    [InlineData(0, 0, 0f, 1f)]
    public void Segments_JoinToOnePathThatIsAsGood(double lambda, int scanOrder, float deviation, float density)
    {
        const double Step = 0.1;
        LevelSyntax syntax = Tensors.Matrix(90, 210, dependent: true, scanOrder);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, deviation, 5, density);
        double rateWeight = lambda * 4 * Math.Log(2) / 6 * 0.7;
        TensorTrellis Trellis(BlockScan scan) => new(scan, () => new TrellisSearch(Step, lambda == 0 ? null : new TrellisRates(rateWeight, 10, 1000)));
        double Objective(int[] q) => Tensors.SquaredError(weights, q, Step) + (rateWeight * 8 * Tensors.CodedBytes(syntax, q));
        int[] whole = new int[weights.Length];
        Trellis(new BlockScan(syntax)).Run(weights, [], whole);

        foreach (int length in new[] { 4000, 7777 })
        {
            BlockScan scan = new(syntax, length);
            int[] levels = new int[weights.Length];
            int[] sideBySide = new int[weights.Length];
            Trellis(scan).Run(weights, [], levels);
            Trellis(scan).Run(weights, default, sideBySide, new ParallelOptions { MaxDegreeOfParallelism = 3 });

            Assert.True(scan.SegmentCount > 1);
            Assert.Equal(levels, sideBySide);
            AssertHeldByTheStateMachine(levels, syntax);

            // Segments this short see few symbols that are not zero; each costs what its contexts have not learned.
            Assert.InRange(Objective(levels), 0, (lambda == 0 ? 1.000001 : 1.03) * Objective(whole));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Quantize_OnAnyNumberOfThreads_GivesTheSameLevels(double lambda)
    {
        LevelSyntax syntax = Tensors.Matrix(1, (5 * BlockScan.SegmentLength / 2) + 77, dependent: true);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.05f, 4);
        int[] levels = new int[weights.Length];
        int[] sideBySide = new int[weights.Length];
        TrellisQuantizer.Quantize(weights, 0.05, syntax, lambda, [], levels);
        foreach (int threads in new[] { 1, 3 })
        {
            TrellisQuantizer.Quantize(weights, 0.05, syntax, lambda, default, sideBySide, new ParallelOptions { MaxDegreeOfParallelism = threads });
            Assert.Equal(levels, sideBySide);
        }
    }

    [Fact]
    public void StateMaps_OfVectorsAndScalars_Agree()
    {
        Seeded random = new(6);
        int[] decisions = [.. Enumerable.Range(0, 100).Select(_ => random.NextInt(1 << 30))];
        for (int length = 0; length <= decisions.Length; length++)
        {
            StateMap vectors = StateMap.OfDecisions(decisions.AsSpan(0, length));
            StateMap scalars = StateMap.OfDecisionsScalar(decisions.AsSpan(0, length));
            for (int state = 0; state < 8; state++) Assert.Equal(scalars[state], vectors[state]);
            if (length == 0) Assert.Equal(5, vectors[5]);
        }
    }

    [Fact]
    public void Quantize_TakesNoMemoryPerWeight()
    {
        LevelSyntax syntax = Tensors.Matrix(400, 500, dependent: true);
        float[] weights = Tensors.Gaussian(syntax.ElementCount, 0.05f, 4);
        int[] levels = new int[weights.Length];
        long before = GC.GetAllocatedBytesForCurrentThread();

        TrellisQuantizer.Quantize(weights, 0.02, syntax, 1, [], levels);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    [Fact]
    public void Quantize_NaN_IsNamed()
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(
            () => TrellisQuantizer.Quantize([1, float.NaN], 1, Tensors.Matrix(1, 2, dependent: true), 0, [], new int[2]));

        Assert.StartsWith("Weight 1 is NaN", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Quantize_ImportanceThatIsNone_IsNamed(float bad)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(
            () => TrellisQuantizer.Quantize([1, 2], 1, Tensors.Matrix(1, 2, dependent: true), 0, [1, bad], new int[2]));

        Assert.StartsWith("importance 1 is", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quantize_ArgumentsThatDoNotFit_AreRefused()
    {
        LevelSyntax syntax = Tensors.Matrix(1, 2, dependent: true);
        Assert.Throws<ArgumentException>(() => TrellisQuantizer.Quantize([1, 2], 1, syntax, 0, [], new int[3]));
        Assert.Throws<ArgumentException>(() => TrellisQuantizer.Quantize([1], 1, syntax, 0, [], new int[1]));
        Assert.Throws<ArgumentException>(() => TrellisQuantizer.Quantize([1, 2], 1, syntax, 0, [1], new int[2]));
        Assert.Throws<ArgumentException>(
            () => TrellisQuantizer.Quantize([1, 2], 1, Tensors.Matrix(1, 2, dependent: false), 0, [], new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => TrellisQuantizer.Quantize([1, 2], 1, syntax, double.NaN, [], new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => TrellisQuantizer.Quantize([1, 2], 0, syntax, 0, [], new int[2]));
        Assert.Throws<ArgumentException>(() => TrellisQuantizer.Quantize([1, 3e9f], 1, syntax, 0, [], new int[2]));
    }

    private static double LeastError(ReadOnlySpan<float> weights, int state)
    {
        if (weights.IsEmpty) return 0;
        double least = double.PositiveInfinity;
        for (int symbol = -6; symbol <= 6; symbol++)
        {
            double error = weights[0] - DependentQuantizer.ToLevel(state, symbol);
            least = Math.Min(least, (error * error) + LeastError(weights[1..], DependentQuantizer.NextState(state, symbol)));
        }

        return least;
    }

    private static void AssertHeldByTheStateMachine(int[] levels, LevelSyntax syntax)
    {
        int state = 0;
        float[] inOrder = Tensors.InCodingOrder(Array.ConvertAll(levels, level => BitConverter.Int32BitsToSingle(level)), syntax);
        foreach (int level in inOrder.Select(BitConverter.SingleToInt32Bits))
        {
            Assert.True(DependentQuantizer.CanExpress(state, level));
            state = DependentQuantizer.NextState(state, DependentQuantizer.ToSymbol(state, level));
        }
    }
}
