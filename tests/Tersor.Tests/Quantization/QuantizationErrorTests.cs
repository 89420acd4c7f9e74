using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class QuantizationErrorTests
{
    [Fact]
    public void Between_KnownValues_GivesKnownFigures()
    {
        QuantizationError error = QuantizationError.Between([3, -4, 0, 0], [3, -4.5f, 0.25f, 0]);

        Assert.Equal(4, error.Count);
        Assert.Equal(0.3125, error.SquaredError);
        Assert.Equal(25, error.SquaredSignal);
        Assert.Equal(0.5, error.MaxAbsError);
        Assert.Equal(0.078125, error.MeanSquaredError);
        Assert.Equal(10 * Math.Log10(80), error.SqnrDb, 12);
    }

    [Fact]
    public void Between_EqualValues_IsLossless()
    {
        QuantizationError error = QuantizationError.Between([1, 2], [1, 2]);

        Assert.Equal(double.PositiveInfinity, error.SqnrDb);
        Assert.Equal(0, QuantizationError.Between([], []).MeanSquaredError);
    }

    [Fact]
    public void VectorsAndScalars_AgreeBitForBitAtEveryLength()
    {
        for (int length = 0; length <= 130; length++)
        {
            float[] weights = Tensors.Gaussian(length, 1, (ulong)length);
            float[] values = Tensors.Gaussian(length, 1, (ulong)length + 1000);
            if (length > 20) weights[length - 10] = values[length - 10] = float.NaN;

            Assert.Equal(QuantizationError.BetweenScalar(weights, values), QuantizationError.Between(weights, values));
        }
    }

    [Fact]
    public void OfLevels_EqualsDequantizingFirst()
    {
        float[] weights = Tensors.Gaussian(1283, 0.3f, 5);
        int[] levels = new int[weights.Length];
        float[] values = new float[weights.Length];
        UniformQuantizer.Quantize(weights, 0.1, levels);
        UniformQuantizer.Dequantize(levels, 0.1, values);

        Assert.Equal(QuantizationError.Between(weights, values), QuantizationError.OfLevels(weights, levels, 0.1));
    }

    [Fact]
    public void Between_NonFiniteValues_CountOnlyWhereTheirBitsChanged()
    {
        QuantizationError kept = QuantizationError.Between([1, float.NaN, float.NegativeInfinity], [1.5f, float.NaN, float.NegativeInfinity]);
        QuantizationError lost = QuantizationError.Between([1, float.PositiveInfinity], [1, 3]);

        Assert.Equal(0.5, kept.MaxAbsError);
        Assert.Equal(0.25, kept.SquaredError);
        Assert.Equal(double.PositiveInfinity, lost.MaxAbsError);
        Assert.Equal(double.PositiveInfinity, lost.SquaredError);
    }

    [Fact]
    public void Sum_IsTheErrorOfBothTogether()
    {
        QuantizationError sum = QuantizationError.Between([1], [1.5f]) + QuantizationError.Between([2, 2], [2, 1]);

        Assert.Equal(new QuantizationError(3, 1.25, 9, 1), sum);
    }
}
