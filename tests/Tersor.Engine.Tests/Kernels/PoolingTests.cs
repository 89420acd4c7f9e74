using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class PoolingTests
{
    [Fact]
    public void Maximum_KnownImage_GivesLargestAndPlaces()
    {
        using var threads = new KernelThreads(1);
        var shape = new PoolingShape(1, new WindowAxis(2, 2, 2, 1, 0, 0), new WindowAxis(4, 2, 2, 1, 0, 0));
        float[] output = new float[2];
        int[] places = new int[2];
        Pooling.Maximum(shape, [1, 5, 2, 2, 3, 4, 2, 1], output, places, threads);
        Assert.Equal([5f, 2f], output);
        Assert.Equal([1, 2], places);
    }

    [Theory]
    [MemberData(nameof(KernelSweep.Widths), MemberType = typeof(KernelSweep))]
    public void Pooling_AwkwardShapes_AgreesWithDefinition(int width)
    {
        var seeded = new Seeded(90);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 150; trial++)
        {
            PoolingShape shape = RandomShape(seeded);
            float[] input = seeded.Values(shape.InputLength), output = new float[shape.OutputLength], again = new float[shape.OutputLength];
            int[] places = new int[shape.OutputLength];
            Pooling.Run((VectorWidth)width, shape, PoolingKind.Maximum, input, output, default, threads);
            KernelSweep.AssertClose(Expected(shape, input, maximum: true), output, 0.0, $"maximum of {shape}");
            Pooling.Run((VectorWidth)width, shape, PoolingKind.Maximum, input, again, places, threads);
            Assert.Equal(output, again);
            for (int i = 0; i < places.Length; i++)
            {
                int plane = i / (shape.Rows.OutputSize * shape.Columns.OutputSize);
                Assert.Equal(output[i], places[i] < 0 ? float.NegativeInfinity : input[plane * shape.Rows.InputSize * shape.Columns.InputSize + places[i]]);
            }

            Pooling.Run((VectorWidth)width, shape, PoolingKind.Average, input, output, default, threads);
            KernelSweep.AssertClose(Expected(shape, input, maximum: false), output, 1e-6, $"average of {shape}");
        }
    }

    [Fact]
    public void Gradients_RandomShapes_AgreeWithDifferences()
    {
        var seeded = new Seeded(91);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 30; trial++)
        {
            PoolingShape shape = RandomShape(seeded);

            // Well apart, so that no difference changes which is the largest.
            float[] input = [.. Enumerable.Range(0, shape.InputLength).Select(i => i * 7919 % shape.InputLength * 0.1f)];
            float[] direction = seeded.Values(shape.OutputLength), output = new float[shape.OutputLength], gradient = new float[shape.InputLength];
            int[] places = new int[shape.OutputLength];
            Pooling.Maximum(shape, input, output, places, threads);
            if (!places.Contains(-1) && shape.InputLength % 7919 != 0)
            {
                Pooling.MaximumGradient(shape, places, direction, gradient, false, threads);
                KernelSweep.AssertGradient($"maximum of {shape}", input, gradient, 0.01f, 1e-2, () =>
                {
                    Pooling.Maximum(shape, input, output, default, threads);
                    return KernelSweep.Dot(output, direction);
                });
            }

            Array.Fill(gradient, 1f);
            Pooling.AverageGradient(shape, direction, gradient, true, threads);
            float[] alone = [.. gradient.Select(value => value - 1f)];
            KernelSweep.AssertGradient($"average of {shape}", input, alone, 1f, 1e-2, () =>
            {
                Pooling.Average(shape, input, output, threads);
                return KernelSweep.Dot(output, direction);
            });
        }
    }

    [Fact]
    public void Pooling_AnyNumberOfThreads_GivesTheSameBits()
    {
        var shape = new PoolingShape(70, new WindowAxis(28, 3, 2, 1, 1, 1), new WindowAxis(28, 3, 2, 1, 1, 1));
        float[] input = new Seeded(92).Values(shape.InputLength);
        KernelSweep.AssertThreadsDoNotMatter("average", threads =>
        {
            float[] output = new float[shape.OutputLength], gradient = new float[shape.InputLength];
            Pooling.Average(shape, input, output, threads);
            Pooling.AverageGradient(shape, output, gradient, false, threads);
            return gradient;
        });
    }

    [Theory]
    [InlineData(5, 2, 2, 0, 0, true, 3)]
    [InlineData(5, 2, 2, 0, 0, false, 2)]
    [InlineData(4, 3, 2, 1, 1, true, 3)]
    [InlineData(3, 1, 2, 0, 0, true, 2)]
    [InlineData(2, 2, 3, 1, 1, true, 1)]
    [InlineData(3, 2, 3, 1, 1, true, 2)]
    [InlineData(2, 2, 4, 1, 1, true, 1)]
    public void WindowAxis_RoundingUp_CountsNoWindowThatStartsInTheLastPadding(int size, int kernel, int stride, int before, int after, bool roundUp, int expected) =>
        Assert.Equal(expected, new WindowAxis(size, kernel, stride, 1, before, after, roundUp).OutputSize);

    private static double[] Expected(PoolingShape shape, float[] input, bool maximum)
    {
        var output = new double[shape.OutputLength];
        int area = shape.Rows.OutputSize * shape.Columns.OutputSize;
        for (int index = 0; index < output.Length; index++)
        {
            int row = index % area / shape.Columns.OutputSize;
            int column = index % shape.Columns.OutputSize;
            double largest = double.NegativeInfinity;
            double sum = 0.0;
            int count = 0;
            for (int kernelRow = 0; kernelRow < shape.Rows.KernelSize; kernelRow++)
            {
                for (int kernelColumn = 0; kernelColumn < shape.Columns.KernelSize; kernelColumn++)
                {
                    int y = row * shape.Rows.Stride - shape.Rows.PadBefore + kernelRow * shape.Rows.Dilation;
                    int x = column * shape.Columns.Stride - shape.Columns.PadBefore + kernelColumn * shape.Columns.Dilation;
                    bool inImage = y >= 0 && x >= 0 && y < shape.Rows.InputSize && x < shape.Columns.InputSize;
                    bool inPadding = y < shape.Rows.InputSize + shape.Rows.PadAfter && x < shape.Columns.InputSize + shape.Columns.PadAfter;
                    if (inImage)
                    {
                        double value = input[(index / area * shape.Rows.InputSize + y) * shape.Columns.InputSize + x];
                        largest = Math.Max(largest, value);
                        sum += value;
                    }

                    count += inImage || (shape.CountPadding && inPadding) ? 1 : 0;
                }
            }

            output[index] = maximum ? largest : sum / Math.Max(count, 1);
        }

        return output;
    }

    private static PoolingShape RandomShape(Seeded seeded)
    {
        while (true)
        {
            int kernel = seeded.Between(1, 4), dilation = seeded.Between(1, 2), stride = seeded.Between(1, 3);
            int before = seeded.NextInt(kernel), after = seeded.NextInt(kernel), height = seeded.Between(1, 12), width = seeded.Between(1, 45);
            if (dilation * (kernel - 1) < Math.Min(height, width) + before + after)
            {
                bool roundUp = seeded.NextInt(2) == 0;
                return new PoolingShape(
                    seeded.NextInt(5),
                    new WindowAxis(height, kernel, stride, dilation, before, after, roundUp),
                    new WindowAxis(width, kernel, stride, dilation, before, after, roundUp),
                    seeded.NextInt(2) == 0);
            }
        }
    }
}
