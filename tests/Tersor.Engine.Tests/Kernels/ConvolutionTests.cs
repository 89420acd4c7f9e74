using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class ConvolutionTests
{
    private const double Tolerance = 2e-5;

    [Fact]
    public void Forward_KnownImageAndKernel_GivesKnownSums()
    {
        using var threads = new KernelThreads(1);
        var shape = new ConvolutionShape(1, 1, 3, 3, 1, 2, 2, padTop: 1, padLeft: 1);
        float[] output = new float[9];
        Convolution.Forward(shape, [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 10, 100, 1000], [0.5f], default, Activation.None, output, threads);
        Assert.Equal([1000.5f, 2100.5f, 3200.5f, 4010.5f, 5421.5f, 6532.5f, 7040.5f, 8754.5f, 9865.5f], output);
    }

    [Theory]
    [MemberData(nameof(KernelSweep.Widths), MemberType = typeof(KernelSweep))]
    public void Forward_AwkwardShapes_AgreesWithDefinition(int width)
    {
        var seeded = new Seeded(30);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 80; trial++)
        {
            ConvolutionShape shape = RandomShape(seeded);
            float[] input = seeded.Values(shape.InputLength), weight = seeded.Values(shape.WeightLength);
            float[] bias = seeded.NextInt(2) == 0 ? seeded.Values(shape.OutputChannels) : [];
            float[] residual = seeded.NextInt(2) == 0 ? seeded.Values(shape.OutputLength) : [];
            Activation activation = seeded.NextInt(4) switch
            {
                0 => Activation.Relu,
                1 => Activation.Clip(-0.5f, 0.75f),
                2 => Activation.LeakyRelu(0.1f),
                _ => Activation.None,
            };
            float[] output = seeded.Values(shape.OutputLength);
            Convolution.Forward((VectorWidth)width, shape, input, weight, bias, residual, activation, output, threads);
            double[] expected = ConvolutionReference.Forward(shape, input, weight);
            for (int i = 0; i < expected.Length; i++)
            {
                int channel = i / (shape.OutputHeight * shape.OutputWidth) % shape.OutputChannels;
                double value = expected[i] + (bias.Length > 0 ? bias[channel] : 0.0) + (residual.Length > 0 ? residual[i] : 0.0);
                expected[i] = activation.Kind switch
                {
                    ActivationKind.Clip when activation == Activation.Relu => Math.Max(value, 0.0),
                    ActivationKind.Clip => Math.Clamp(value, -0.5, 0.75),
                    ActivationKind.LeakyRelu => value > 0.0 ? value : 0.1f * value,
                    _ => value,
                };
            }

            KernelSweep.AssertClose(expected, output, Tolerance, shape.ToString());
        }
    }

    [Theory]
    [MemberData(nameof(KernelSweep.Widths), MemberType = typeof(KernelSweep))]
    public void Backward_AwkwardShapes_AgreesWithDefinition(int width)
    {
        var seeded = new Seeded(31);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 80; trial++)
        {
            ConvolutionShape shape = RandomShape(seeded);
            bool accumulate = seeded.NextInt(2) == 0;
            float[] input = seeded.Values(shape.InputLength), weight = seeded.Values(shape.WeightLength), gradient = seeded.Values(shape.OutputLength);
            float[] inputGradient = seeded.Values(shape.InputLength), weightGradient = seeded.Values(shape.WeightLength);
            (double[] expectedInput, double[] expectedWeight) = ConvolutionReference.Backward(shape, input, weight, gradient);
            AddWhere(accumulate, expectedInput, inputGradient);
            AddWhere(accumulate, expectedWeight, weightGradient);
            Convolution.BackwardInput((VectorWidth)width, shape, weight, gradient, inputGradient, accumulate, threads);
            Convolution.BackwardWeight((VectorWidth)width, shape, input, gradient, weightGradient, accumulate, threads);
            KernelSweep.AssertClose(expectedInput, inputGradient, Tolerance, $"input of {shape}");
            KernelSweep.AssertClose(expectedWeight, weightGradient, Tolerance, $"weight of {shape}");
        }
    }

    [Fact]
    public void Backward_RandomShapes_AgreesWithDifferences()
    {
        var seeded = new Seeded(32);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 12; trial++)
        {
            ConvolutionShape shape = RandomShape(seeded);
            float[] input = seeded.Values(shape.InputLength), weight = seeded.Values(shape.WeightLength), bias = seeded.Values(shape.OutputChannels);
            float[] direction = seeded.Values(shape.OutputLength), output = new float[shape.OutputLength];
            double Loss()
            {
                Convolution.Forward(shape, input, weight, bias, default, Activation.None, output, threads);
                return KernelSweep.Dot(output, direction);
            }

            float[] inputGradient = new float[input.Length], weightGradient = new float[weight.Length], biasGradient = new float[bias.Length];
            Convolution.BackwardInput(shape, weight, direction, inputGradient, false, threads);
            Convolution.BackwardWeight(shape, input, direction, weightGradient, false, threads);
            Convolution.BackwardBias(shape, direction, biasGradient, false, threads);
            KernelSweep.AssertGradient($"input of {shape}", input, inputGradient, 0.5f, 1e-3, Loss);
            KernelSweep.AssertGradient($"weight of {shape}", weight, weightGradient, 0.5f, 1e-3, Loss);
            KernelSweep.AssertGradient($"bias of {shape}", bias, biasGradient, 0.5f, 1e-3, Loss);
        }
    }

    [Theory]
    [InlineData(1, 16, 32, 24, 3, 1, 1)]
    [InlineData(5, 8, 9, 20, 3, 2, 1)]
    [InlineData(2, 24, 14, 24, 3, 1, 24)]
    [InlineData(1, 64, 7, 130, 1, 1, 1)]
    [InlineData(3, 12, 20, 8, 5, 1, 4)]
    public void Convolution_AnyNumberOfThreads_GivesTheSameBits(int batch, int channels, int size, int outputs, int kernel, int stride, int groups)
    {
        var seeded = new Seeded(33);
        var shape = new ConvolutionShape(
            batch, channels, size, size, outputs, kernel, kernel, stride, stride, padTop: kernel / 2, padLeft: kernel / 2, padBottom: kernel / 2, padRight: kernel / 2, groups: groups);
        float[] input = seeded.Values(shape.InputLength), weight = seeded.Values(shape.WeightLength), gradient = seeded.Values(shape.OutputLength);
        KernelSweep.AssertThreadsDoNotMatter($"forward of {shape}", threads =>
        {
            float[] output = new float[shape.OutputLength];
            Convolution.Forward(shape, input, weight, default, default, Activation.None, output, threads);
            return output;
        });
        KernelSweep.AssertThreadsDoNotMatter($"input of {shape}", threads =>
        {
            float[] inputGradient = new float[shape.InputLength];
            Convolution.BackwardInput(shape, weight, gradient, inputGradient, false, threads);
            return inputGradient;
        });
        KernelSweep.AssertThreadsDoNotMatter($"weight of {shape}", threads =>
        {
            float[] weightGradient = new float[shape.WeightLength];
            Convolution.BackwardWeight(shape, input, gradient, weightGradient, false, threads);
            return weightGradient;
        });
    }

    [Fact]
    public void Forward_LargeImageInSlices_AgreesWithDefinition()
    {
        // Large enough that the padded image is made in several slices of rows.
        var seeded = new Seeded(34);
        using var threads = new KernelThreads(1);
        var shape = new ConvolutionShape(1, 24, 90, 70, 5, 3, 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        float[] input = seeded.Values(shape.InputLength), weight = seeded.Values(shape.WeightLength), output = new float[shape.OutputLength];
        Convolution.Forward(shape, input, weight, default, default, Activation.None, output, threads);
        KernelSweep.AssertClose(ConvolutionReference.Forward(shape, input, weight), output, Tolerance, shape.ToString());
    }

    [Fact]
    public void Forward_NotANumber_StaysNotANumber()
    {
        using var threads = new KernelThreads(1);
        var shape = new ConvolutionShape(1, 1, 1, 40, 1, 1, 3);
        float[] input = new float[40], output = new float[38];
        input[20] = float.NaN;
        Convolution.Forward(shape, input, [1, 1, 1], default, default, Activation.Relu, output, threads);
        for (int i = 0; i < output.Length; i++)
        {
            Assert.Equal(i is >= 18 and <= 20, float.IsNaN(output[i]));
        }
    }

    [Fact]
    public void Shape_BadSizes_Throws()
    {
        Assert.Throws<ArgumentException>(() => new ConvolutionShape(1, 3, 8, 8, 4, 3, 3, groups: 2));
        Assert.Throws<ArgumentException>(() => new ConvolutionShape(1, 1, 2, 2, 1, 3, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionShape(1, 1, 2, 2, 1, 1, 1, strideHeight: 0));
        Assert.Throws<ArgumentException>(() => new ConvolutionShape(1 << 12, 1 << 12, 1 << 6, 1 << 6, 1, 1, 1));
        Assert.Throws<ArgumentException>(() => new ConvolutionShape(1, 1, 1, 1, 1, 1, 1, padTop: int.MaxValue, padBottom: int.MaxValue));
    }

    [Fact]
    public void Forward_SpanOfWrongLength_Throws()
    {
        using var threads = new KernelThreads(1);
        var shape = new ConvolutionShape(1, 1, 4, 4, 1, 3, 3);
        Assert.Throws<ArgumentException>(() => Convolution.Forward(shape, new float[15], new float[9], default, default, Activation.None, new float[4], threads));
        Assert.Throws<ArgumentException>(() => Convolution.Forward(shape, new float[16], new float[9], new float[2], default, Activation.None, new float[4], threads));
        Assert.Throws<ArgumentException>(() => Convolution.Forward(shape, new float[16], new float[9], default, default, Activation.None, new float[5], threads));
    }

    [Fact]
    public void Convolution_SteadyState_AllocatesNothing()
    {
        using var threads = new KernelThreads(2);
        var shape = new ConvolutionShape(2, 4, 12, 12, 8, 3, 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        float[] input = new float[shape.InputLength], weight = new float[shape.WeightLength], output = new float[shape.OutputLength];
        void Step()
        {
            Convolution.Forward(shape, input, weight, default, default, Activation.Relu, output, threads);
            Convolution.BackwardInput(shape, weight, output, input, false, threads);
            Convolution.BackwardWeight(shape, input, output, weight, false, threads);
        }

        for (int warm = 0; warm < 40; warm++)
        {
            Step();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void AddWhere(bool accumulate, double[] expected, float[] present)
    {
        for (int i = 0; accumulate && i < expected.Length; i++)
        {
            expected[i] += present[i];
        }
    }

    private static ConvolutionShape RandomShape(Seeded seeded)
    {
        while (true)
        {
            int groups = seeded.NextInt(3) == 0 ? seeded.Between(1, 4) : 1;
            int channels = groups * seeded.Between(1, seeded.NextInt(4) == 0 ? 1 : 9);
            int outputs = groups * seeded.Between(1, seeded.NextInt(3) == 0 ? 1 : 30);
            if (seeded.NextInt(5) == 0)
            {
                channels = groups;
            }

            bool point = seeded.NextInt(5) == 0;
            bool dense = seeded.NextInt(2) == 0;
            int height = seeded.NextInt(6) == 0 ? 1 : seeded.Between(1, 14);
            int width = seeded.Between(1, 40);
            int kernelHeight = point ? 1 : seeded.Between(1, 4);
            int kernelWidth = point ? 1 : seeded.Between(1, 4);
            int strideHeight = dense ? 1 : seeded.Between(1, 3);
            int strideWidth = dense ? 1 : seeded.Between(1, 3);
            int dilation = seeded.Between(1, 2);
            int padTop = seeded.NextInt(3), padLeft = seeded.NextInt(3), padBottom = seeded.NextInt(3), padRight = seeded.NextInt(3);
            int batch = seeded.NextInt(12) == 0 ? 0 : seeded.Between(1, 4);
            if (dilation * (kernelHeight - 1) < height + padTop + padBottom && dilation * (kernelWidth - 1) < width + padLeft + padRight)
            {
                return new ConvolutionShape(
                    batch, channels, height, width, outputs, kernelHeight, kernelWidth, strideHeight, strideWidth, dilation, dilation, padTop, padLeft, padBottom, padRight, groups);
            }
        }
    }
}
