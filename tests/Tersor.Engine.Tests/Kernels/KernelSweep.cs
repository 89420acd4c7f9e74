using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

/// <summary>Values, widths and comparisons that the kernel tests share.</summary>
internal static class KernelSweep
{
    public static TheoryData<int> Widths => [.. Enum.GetValues<VectorWidth>().Select(width => (int)width)];

    public static float[] Values(this Seeded seeded, int length)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = 2f * seeded.NextSingle() - 1f;
        }

        return values;
    }

    public static int Between(this Seeded seeded, int least, int most) => least + seeded.NextInt(most - least + 1);

    /// <summary>Fails unless every value is within a tolerance, relative above 1 and absolute below.</summary>
    public static void AssertClose(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance, string context)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(expected[i] - actual[i]) / Math.Max(Math.Abs(expected[i]), 1.0);
            Assert.True(error <= tolerance, $"{context}: element {i} is {actual[i]}, expected {expected[i]} within {tolerance}.");
        }
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string context)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]),
                $"{context}: element {i} is {actual[i]:R}, with one thread it was {expected[i]:R}.");
        }
    }

    /// <summary>Runs a kernel with 1, 2 and 3 threads and fails unless the bits of the results are the same.</summary>
    public static void AssertThreadsDoNotMatter(string context, Func<KernelThreads, float[]> kernel)
    {
        float[]? first = null;
        foreach (int count in (int[])[1, 2, 3])
        {
            using var threads = new KernelThreads(count);
            float[] results = kernel(threads);
            first ??= results;
            AssertSameBits(first, results, $"{context} with {count} threads");
        }
    }

    /// <summary>
    /// Compares a gradient with central differences of a loss, at up to 40 places spread over the input.
    /// </summary>
    public static void AssertGradient(string context, float[] at, ReadOnlySpan<float> gradient, float step, double tolerance, Func<double> loss)
    {
        Assert.Equal(at.Length, gradient.Length);
        int stride = Math.Max(at.Length / 40, 1);
        for (int i = 0; i < at.Length; i += stride)
        {
            float value = at[i];
            float above = value + step;
            float below = value - step;
            at[i] = above;
            double right = loss();
            at[i] = below;
            double left = loss();
            at[i] = value;
            double expected = (right - left) / ((double)above - below);
            double error = Math.Abs(expected - gradient[i]) / Math.Max(Math.Abs(expected), 1.0);
            Assert.True(error <= tolerance, $"{context}: the gradient at {i} is {gradient[i]}, differences say {expected}.");
        }
    }

    public static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double sum = 0.0;
        for (int i = 0; i < left.Length; i++)
        {
            sum += (double)left[i] * right[i];
        }

        return sum;
    }
}
