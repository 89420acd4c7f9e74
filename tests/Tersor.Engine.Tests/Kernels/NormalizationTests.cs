using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class NormalizationTests
{
    private const float Epsilon = 1e-3f;

    [Fact]
    public void BatchTraining_KnownValues_GivesKnownStatistics()
    {
        using var threads = new KernelThreads(1);
        float[] output = new float[4], mean = new float[1], variance = new float[1];
        BatchNormalization.Training(2, 1, 2, [1, 3, 5, 7], [2], [10], 0f, output, mean, variance, threads);
        Assert.Equal(4f, mean[0]);
        Assert.Equal(5f, variance[0]);
        KernelSweep.AssertClose([10 - 6 / Math.Sqrt(5), 10 - 2 / Math.Sqrt(5), 10 + 2 / Math.Sqrt(5), 10 + 6 / Math.Sqrt(5)], output, 1e-6, "output");
    }

    [Fact]
    public void BatchTraining_ValuesFarFromZero_KeepsTheVariance()
    {
        var seeded = new Seeded(100);
        using var threads = new KernelThreads(1);
        float[] input = [.. seeded.Values(4000).Select(value => 1000f + value)];
        double mean = input.Average(value => (double)value);
        double variance = input.Average(value => (value - mean) * (value - mean));
        foreach (VectorWidth width in Enum.GetValues<VectorWidth>())
        {
            float[] means = new float[1], variances = new float[1];
            BatchNormalization.Training(width, 4, 1, 1000, input, [1], [0], Epsilon, default, Activation.None, new float[4000], means, variances, threads);
            Assert.Equal(mean, means[0], 1e-3);
            Assert.Equal(variance, variances[0], 1e-4 * variance);
        }
    }

    [Theory]
    [InlineData(3, 5, 7)]
    [InlineData(8, 4, 1)]
    [InlineData(2, 3, 100)]
    public void Batch_InferenceWithTheBatchsStatistics_EqualsTraining(int batch, int channels, int area)
    {
        var seeded = new Seeded(101);
        using var threads = new KernelThreads(2);
        float[] input = seeded.Values(batch * channels * area), scale = seeded.Values(channels), bias = seeded.Values(channels);
        float[] training = new float[input.Length], inference = new float[input.Length], mean = new float[channels], variance = new float[channels];
        BatchNormalization.Training(batch, channels, area, input, scale, bias, Epsilon, training, mean, variance, threads);
        BatchNormalization.Inference(batch, channels, area, input, scale, bias, mean, variance, Epsilon, Activation.None, inference, threads);
        Assert.Equal(training, inference);
        BatchNormalization.Inference(batch, channels, area, input, scale, bias, mean, variance, Epsilon, Activation.Relu, inference, threads);
        Assert.Equal(training.Select(value => Math.Max(value, 0f)), inference);
    }

    [Theory]
    [InlineData(3, 5, 7)]
    [InlineData(8, 4, 1)]
    [InlineData(2, 3, 100)]
    public void BatchBackward_AgreesWithDifferences(int batch, int channels, int area)
    {
        var seeded = new Seeded(102);
        using var threads = new KernelThreads(2);
        float[] input = seeded.Values(batch * channels * area), scale = seeded.Values(channels), bias = seeded.Values(channels);
        float[] direction = seeded.Values(input.Length), output = new float[input.Length], mean = new float[channels], variance = new float[channels];
        double Loss()
        {
            BatchNormalization.Training(batch, channels, area, input, scale, bias, Epsilon, output, mean, variance, threads);
            return KernelSweep.Dot(output, direction);
        }

        Loss();
        float[] savedMean = (float[])mean.Clone(), savedVariance = (float[])variance.Clone();
        float[] inputGradient = new float[input.Length], scaleGradient = new float[channels], biasGradient = new float[channels];
        BatchNormalization.Backward(
            batch, channels, area, input, scale, savedMean, savedVariance, Epsilon, direction, inputGradient, false, scaleGradient, biasGradient, false, threads);
        KernelSweep.AssertGradient("input", input, inputGradient, 1e-2f, 1e-2, Loss);
        KernelSweep.AssertGradient("scale", scale, scaleGradient, 1e-2f, 1e-2, Loss);
        KernelSweep.AssertGradient("bias", bias, biasGradient, 1e-2f, 1e-2, Loss);

        // Accumulation doubles, and the input's gradient may overwrite the output's.
        float[] twice = (float[])inputGradient.Clone(), inPlace = (float[])direction.Clone();
        BatchNormalization.Backward(
            batch, channels, area, input, scale, savedMean, savedVariance, Epsilon, direction, twice, true, scaleGradient, biasGradient, true, threads);
        KernelSweep.AssertClose([.. inputGradient.Select(value => 2.0 * value)], twice, 1e-6, "accumulated");
        BatchNormalization.Backward(
            batch, channels, area, input, scale, savedMean, savedVariance, Epsilon, inPlace, inPlace, false, scaleGradient, biasGradient, false, threads);
        Assert.Equal(inputGradient, inPlace);
    }

    [Fact]
    public void BatchBackward_WithGivenStatistics_AgreesWithDifferences()
    {
        (int batch, int channels, int area) = (3, 5, 7);
        var seeded = new Seeded(104);
        using var threads = new KernelThreads(2);
        float[] input = seeded.Values(batch * channels * area), scale = seeded.Values(channels), bias = seeded.Values(channels);
        float[] mean = seeded.Values(channels), variance = [.. seeded.Values(channels).Select(value => 0.5f + Math.Abs(value))];
        float[] direction = seeded.Values(input.Length), output = new float[input.Length];
        float[] inputGradient = new float[input.Length], scaleGradient = new float[channels], biasGradient = new float[channels];
        BatchNormalization.Backward(
            batch, channels, area, input, scale, mean, variance, Epsilon, direction, inputGradient, false, scaleGradient, biasGradient, false, threads, statisticsAreGiven: true);
        double Loss()
        {
            BatchNormalization.Inference(batch, channels, area, input, scale, bias, mean, variance, Epsilon, Activation.None, output, threads);
            return KernelSweep.Dot(output, direction);
        }

        KernelSweep.AssertGradient("input", input, inputGradient, 1e-2f, 1e-2, Loss);
        KernelSweep.AssertGradient("scale", scale, scaleGradient, 1e-2f, 1e-2, Loss);
        KernelSweep.AssertGradient("bias", bias, biasGradient, 1e-2f, 1e-2, Loss);
    }

    [Theory]
    [MemberData(nameof(KernelSweep.Widths), MemberType = typeof(KernelSweep))]
    public void Batch_WithResidualAndRelu_GivesTheBitsOfThreeSteps(int width)
    {
        const int Batch = 3, Channels = 5, Area = 37;
        var seeded = new Seeded(106);
        using var threads = new KernelThreads(2);
        float[] input = seeded.Values(Batch * Channels * Area), residual = seeded.Values(input.Length), direction = seeded.Values(input.Length);
        float[] scale = seeded.Values(Channels), bias = seeded.Values(Channels), mean = new float[Channels], variance = new float[Channels];
        foreach (bool hasResidual in (bool[])[false, true])
        {
            float[] apart = new float[input.Length], together = new float[input.Length];
            float[] added = hasResidual ? residual : [];
            BatchNormalization.Training((VectorWidth)width, Batch, Channels, Area, input, scale, bias, Epsilon, default, Activation.None, apart, mean, variance, threads);
            BatchNormalization.Training((VectorWidth)width, Batch, Channels, Area, input, scale, bias, Epsilon, added, Activation.Relu, together, mean, variance, threads);
            apart = [.. apart.Select((value, i) => Math.Max(hasResidual ? value + residual[i] : value, 0f))];
            Assert.Equal(apart, together);

            float[] gated = [.. direction.Select((value, i) => apart[i] > 0f ? value : 0f)];
            (float[] Input, float[] Scale, float[] Bias) expected = (new float[input.Length], new float[Channels], new float[Channels]);
            (float[] Input, float[] Scale, float[] Bias) actual = (new float[input.Length], new float[Channels], new float[Channels]);
            BatchNormalization.Backward(
                (VectorWidth)width, Batch, Channels, Area, input, scale, bias, mean, variance, Epsilon, Activation.None, default, gated, default,
                expected.Input, false, expected.Scale, expected.Bias, false, threads, statisticsAreGiven: false);
            foreach (bool inPlace in (bool[])[false, true])
            {
                float[] gradient = [.. direction];
                float[] residualGradient = !hasResidual ? [] : inPlace ? gradient : new float[input.Length];
                BatchNormalization.Backward(
                    (VectorWidth)width, Batch, Channels, Area, input, scale, bias, mean, variance, Epsilon, Activation.Relu, hasResidual ? together : default, gradient,
                    residualGradient, actual.Input, false, actual.Scale, actual.Bias, false, threads, statisticsAreGiven: false);
                Assert.Equal(expected.Input, actual.Input);
                Assert.Equal(expected.Scale, actual.Scale);
                Assert.Equal(expected.Bias, actual.Bias);
                Assert.Equal(hasResidual ? gated : [], residualGradient);
            }
        }
    }

    [Theory]
    [InlineData(2, 6, 9, 3)]
    [InlineData(3, 4, 20, 4)]
    [InlineData(1, 5, 1, 1)]
    public void Group_AgreesWithDefinitionAndDifferences(int batch, int channels, int area, int groups)
    {
        var seeded = new Seeded(103);
        using var threads = new KernelThreads(2);
        float[] input = seeded.Values(batch * channels * area), scale = seeded.Values(channels), bias = seeded.Values(channels);
        float[] direction = seeded.Values(input.Length), output = new float[input.Length], mean = new float[batch * groups], inverse = new float[batch * groups];
        double Loss()
        {
            GroupNormalization.Forward(batch, channels, area, groups, input, scale, bias, Epsilon, output, mean, inverse, threads);
            return KernelSweep.Dot(output, direction);
        }

        Loss();
        int length = channels / groups * area;
        double[] expected = [.. input.Select((value, i) =>
        {
            double[] group = [.. input.AsSpan(i / length * length, length).ToArray().Select(x => (double)x)];
            double centre = group.Average();
            double deviation = Math.Sqrt(group.Average(x => (x - centre) * (x - centre)) + Epsilon);
            int channel = i / area % channels;
            return scale[channel] * (value - centre) / deviation + bias[channel];
        })];
        KernelSweep.AssertClose(expected, output, 2e-6, "output");

        float[] savedMean = (float[])mean.Clone(), savedInverse = (float[])inverse.Clone();
        float[] inputGradient = new float[input.Length], scaleGradient = new float[channels], biasGradient = new float[channels];
        GroupNormalization.Backward(
            batch, channels, area, groups, input, scale, savedMean, savedInverse, direction, inputGradient, false, scaleGradient, biasGradient, false, threads);
        KernelSweep.AssertGradient("input", input, inputGradient, 1e-2f, 2e-2, Loss);
        KernelSweep.AssertGradient("scale", scale, scaleGradient, 1e-2f, 1e-2, Loss);
        KernelSweep.AssertGradient("bias", bias, biasGradient, 1e-2f, 1e-2, Loss);
    }

    [Theory]
    [InlineData(7, 10)]
    [InlineData(3, 100)]
    [InlineData(1, 33)]
    public void Layer_AgreesWithDefinitionAndDifferences(int rows, int columns)
    {
        var seeded = new Seeded(104);
        using var threads = new KernelThreads(2);
        float[] input = seeded.Values(rows * columns), scale = seeded.Values(columns), bias = seeded.Values(columns);
        float[] direction = seeded.Values(input.Length), output = new float[input.Length], mean = new float[rows], inverse = new float[rows];
        double Loss()
        {
            LayerNormalization.Forward(rows, columns, input, scale, bias, Epsilon, output, mean, inverse, threads);
            return KernelSweep.Dot(output, direction);
        }

        Loss();
        double[] expected = [.. input.Select((value, i) =>
        {
            double[] row = [.. input.AsSpan(i / columns * columns, columns).ToArray().Select(x => (double)x)];
            double centre = row.Average();
            double deviation = Math.Sqrt(row.Average(x => (x - centre) * (x - centre)) + Epsilon);
            return scale[i % columns] * (value - centre) / deviation + bias[i % columns];
        })];
        KernelSweep.AssertClose(expected, output, 2e-6, "output");

        float[] savedMean = (float[])mean.Clone(), savedInverse = (float[])inverse.Clone();
        float[] inputGradient = new float[input.Length], scaleGradient = new float[columns], biasGradient = new float[columns];
        LayerNormalization.Backward(
            rows, columns, input, scale, savedMean, savedInverse, direction, inputGradient, false, scaleGradient, biasGradient, false, threads);
        KernelSweep.AssertGradient("input", input, inputGradient, 1e-2f, 1e-2, Loss);
        KernelSweep.AssertGradient("scale", scale, scaleGradient, 1e-2f, 1e-2, Loss);
        KernelSweep.AssertGradient("bias", bias, biasGradient, 1e-2f, 1e-2, Loss);
    }

    [Fact]
    public void Normalization_AnyNumberOfThreads_GivesTheSameBits()
    {
        var seeded = new Seeded(105);
        float[] input = seeded.Values(8 * 12 * 50), scale = seeded.Values(12), bias = seeded.Values(12), direction = seeded.Values(input.Length);
        KernelSweep.AssertThreadsDoNotMatter("batch", threads =>
        {
            float[] output = new float[input.Length], gradient = new float[input.Length], mean = new float[12], variance = new float[12];
            BatchNormalization.Training(8, 12, 50, input, scale, bias, Epsilon, output, mean, variance, threads);
            BatchNormalization.Backward(8, 12, 50, input, scale, mean, variance, Epsilon, direction, gradient, false, mean, variance, false, threads);
            return [.. output, .. gradient, .. mean, .. variance];
        });
    }

    [Fact]
    public void Training_EmptyOrShortSpans_Throws()
    {
        using var threads = new KernelThreads(1);
        float[] one = new float[1];
        Assert.Throws<ArgumentException>(() => BatchNormalization.Training(0, 1, 1, [], one, one, 0f, [], one, one, threads));
        Assert.Throws<ArgumentException>(() => BatchNormalization.Training(1, 1, 2, one, one, one, 0f, one, one, one, threads));
        Assert.Throws<ArgumentException>(() => GroupNormalization.Forward(1, 3, 1, 2, new float[3], new float[3], new float[3], 0f, new float[3], new float[2], new float[2], threads));
    }
}
