using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class SoftmaxTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forward_AwkwardShapes_AgreesWithDefinition(bool logarithm)
    {
        var seeded = new Seeded(70);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 40; trial++)
        {
            int outer = seeded.Between(1, 6), size = seeded.Between(1, 70), inner = seeded.NextInt(2) == 0 ? 1 : seeded.Between(1, 40);
            float[] input = [.. seeded.Values(outer * size * inner).Select(value => 20f * value)];
            double[] expected = Expected(logarithm, outer, size, inner, input);
            foreach (VectorWidth width in Enum.GetValues<VectorWidth>())
            {
                float[] output = new float[input.Length];
                Softmax.Forward(width, logarithm, outer, size, inner, input, output, threads);
                KernelSweep.AssertClose(expected, output, 2e-6, $"{outer} x {size} x {inner} with {width}");
            }
        }
    }

    [Theory]
    [InlineData(false, 3, 10, 1)]
    [InlineData(true, 3, 10, 1)]
    [InlineData(false, 2, 7, 19)]
    [InlineData(true, 2, 37, 3)]
    public void Backward_AgreesWithDifferences(bool logarithm, int outer, int size, int inner)
    {
        var seeded = new Seeded(71);
        using var threads = new KernelThreads(1);
        int length = outer * size * inner;
        float[] input = seeded.Values(length), direction = seeded.Values(length), output = new float[length], gradient = new float[length];
        Softmax.Forward(logarithm, outer, size, inner, input, output, threads);
        Softmax.Backward(logarithm, outer, size, inner, output, direction, gradient, false, threads);
        KernelSweep.AssertGradient("softmax", input, gradient, 1e-3f, 1e-4, () =>
        {
            double[] values = Expected(logarithm, outer, size, inner, input);
            double sum = 0.0;
            for (int i = 0; i < length; i++)
            {
                sum += values[i] * direction[i];
            }

            return sum;
        });
    }

    [Fact]
    public void Forward_LargeValues_DoesNotOverflow()
    {
        using var threads = new KernelThreads(1);
        float[] output = new float[2];
        Softmax.Forward(false, 1, 2, 1, [10000f, 10000f], output, threads);
        Assert.Equal([0.5f, 0.5f], output);
        Softmax.Forward(true, 1, 2, 1, [0f, -10000f], output, threads);
        Assert.Equal([0f, -10000f], output);
    }

    private static double[] Expected(bool logarithm, int outer, int size, int inner, float[] input)
    {
        var output = new double[input.Length];
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < inner; i++)
            {
                int start = o * size * inner + i;
                double largest = Enumerable.Range(0, size).Max(s => input[start + s * inner]);
                double sum = Enumerable.Range(0, size).Sum(s => Math.Exp(input[start + s * inner] - largest));
                for (int s = 0; s < size; s++)
                {
                    double log = input[start + s * inner] - largest - Math.Log(sum);
                    output[start + s * inner] = logarithm ? log : Math.Exp(log);
                }
            }
        }

        return output;
    }
}
