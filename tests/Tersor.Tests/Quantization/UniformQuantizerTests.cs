using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class UniformQuantizerTests
{
    [Fact]
    public void Quantize_RoundsHalvesAwayFromZero()
    {
        float[] weights = [0, -0f, 0.1f, 0.125f, -0.125f, 0.374f, 0.375f, -0.375f, 0.6f, -2.13f];
        int[] levels = new int[weights.Length];

        UniformQuantizer.Quantize(weights, 0.25, levels);

        Assert.Equal([0, 0, 0, 1, -1, 1, 2, -2, 2, -9], levels);
    }

    [SkippableFact]
    public void Quantize_GivesTheLevelsOfTheReferenceEncoder()
    {
        foreach (QuantizationVector vector in QuantizationVector.All().Where(v => v.Lambda == 0 && !v.Syntax.DependentQuantization))
        {
            int[] levels = new int[vector.Weights.Length];
            UniformQuantizer.Quantize(vector.Weights, vector.Step, levels);
            Assert.Equal(vector.Levels, levels);
        }
    }

    [Fact]
    public void VectorsAndScalars_AgreeAtEveryLength()
    {
        Seeded random = new(11);
        for (int length = 0; length <= 130; length++)
        {
            // Sixteenths: half of the weights lie on a rounding boundary of step 1/8.
            float[] weights = new float[length];
            foreach (ref float weight in weights.AsSpan()) weight = (random.NextInt(401) - 200) / 16f;
            int[] levels = new int[length];
            int[] expectedLevels = new int[length];
            float[] values = new float[length];
            float[] expectedValues = new float[length];

            UniformQuantizer.Quantize(weights, 0.125, levels);
            UniformQuantizer.Dequantize(levels, 0.1, values);

            Assert.Equal(-1, UniformQuantizer.QuantizeScalar(weights, 8, expectedLevels));
            UniformQuantizer.DequantizeScalar(levels, 0.1f, expectedValues);
            Assert.Equal(expectedLevels, levels);
            Assert.Equal(expectedValues, values);
        }
    }

    [Theory]
    [InlineData(-38)]
    [InlineData(-20)]
    [InlineData(-17)]
    public void Quantize_ErrsByHalfAStepAtMost_AndItsValuesQuantizeToThemselves(int qp)
    {
        double step = StepSize.FromQp(qp);
        float[] weights = Tensors.Gaussian(10_000, 0.05f, 3);
        int[] levels = new int[weights.Length];
        float[] values = new float[weights.Length];
        int[] again = new int[weights.Length];

        UniformQuantizer.Quantize(weights, step, levels);
        UniformQuantizer.Dequantize(levels, step, values);
        UniformQuantizer.Quantize(values, step, again);

        Assert.Equal(levels, again);
        Assert.True(QuantizationError.Between(weights, values).MaxAbsError <= step / 2 * (1 + 1e-5));
    }

    [Fact]
    public void Dequantize_RoundsTheLevelAndTheProductOnceEach()
    {
        int[] levels = [16_777_217, -33_554_435, 3];
        float[] values = new float[3];

        UniformQuantizer.Dequantize(levels, 0.1, values);

        Assert.Equal([0.1f * 16_777_216f, 0.1f * -33_554_436f, 0.1f * 3f], values);
    }

    [Theory]
    [InlineData(float.NaN, 0, "Weight 0 is NaN")]
    [InlineData(float.PositiveInfinity, 40, "Weight 40 is infinite")]
    [InlineData(1e30f, 66, "Weight 66 is 1E+30, too many steps")]
    public void Quantize_WeightWithoutLevel_IsNamed(float bad, int index, string expected)
    {
        float[] weights = new float[67];
        weights[index] = bad;

        ArgumentException exception = Assert.Throws<ArgumentException>(() => UniformQuantizer.Quantize(weights, 0.5, new int[67]));

        Assert.StartsWith(expected, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Quantize_StepThatIsNone_IsRefused(double step) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => UniformQuantizer.Quantize(new float[1], step, new int[1]));

    [Fact]
    public void LengthsThatDiffer_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => UniformQuantizer.Quantize(new float[3], 1, new int[2]));
        Assert.Throws<ArgumentException>(() => UniformQuantizer.Dequantize(new int[3], 1, new float[4]));
    }
}
