using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class TranspositionTests
{
    [Fact]
    public void Permute_RandomShapes_AgreesWithDefinition()
    {
        var seeded = new Seeded(80);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 200; trial++)
        {
            int rank = seeded.Between(0, 5);
            int[] shape = [.. Enumerable.Range(0, rank).Select(_ => seeded.NextInt(20) == 0 ? 0 : seeded.Between(1, seeded.NextInt(4) == 0 ? 60 : 6))];
            int[] permutation = Enumerable.Range(0, rank).ToArray();
            for (int i = rank - 1; i > 0; i--)
            {
                int j = seeded.NextInt(i + 1);
                (permutation[i], permutation[j]) = (permutation[j], permutation[i]);
            }

            int[] input = Enumerable.Range(0, ElementCount.Of(shape)).ToArray();
            int[] output = new int[input.Length];
            Transposition.Permute<int>(shape, permutation, input, output, threads);
            Assert.Equal(Expected(shape, permutation), output);
        }
    }

    [Fact]
    public void Permute_LargeMatrix_AgreesWithDefinition()
    {
        using var threads = new KernelThreads(3);
        long[] input = [.. Enumerable.Range(0, 700 * 300).Select(value => (long)value)], output = new long[input.Length];
        Transposition.Permute<long>([700, 300], [1, 0], input, output, threads);
        for (int i = 0; i < 300; i++)
        {
            for (int j = 0; j < 700; j++)
            {
                Assert.Equal(input[j * 300 + i], output[i * 700 + j]);
            }
        }
    }

    [Fact]
    public void Permute_NotAPermutation_Throws()
    {
        using var threads = new KernelThreads(1);
        Assert.Throws<ArgumentException>(() => Transposition.Permute<float>([2, 2], [0, 0], new float[4], new float[4], threads));
        Assert.Throws<ArgumentException>(() => Transposition.Permute<float>([2, 2], [0, 2], new float[4], new float[4], threads));
        Assert.Throws<ArgumentException>(() => Transposition.Permute<float>([2, 2], [0], new float[4], new float[4], threads));
        Assert.Throws<ArgumentException>(() => Transposition.Permute<float>([2, 2], [1, 0], new float[4], new float[3], threads));
    }

    private static int[] Expected(int[] shape, int[] permutation)
    {
        int length = ElementCount.Of(shape);
        int[] strides = new int[shape.Length];
        int stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= shape[i];
        }

        int[] expected = new int[length];
        for (int flat = 0; flat < length; flat++)
        {
            int rest = flat;
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                (rest, int position) = Math.DivRem(rest, shape[permutation[d]]);
                expected[flat] += position * strides[permutation[d]];
            }
        }

        return expected;
    }
}
