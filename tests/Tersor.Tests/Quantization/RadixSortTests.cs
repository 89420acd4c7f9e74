using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class RadixSortTests
{
    [Fact]
    public void Sort_PutsNumbersOfAnySignAndSizeInOrder()
    {
        for (int count = 0; count < 40; count++)
        {
            float[] values = [.. Tensors.Gaussian(count, 1e30f, (ulong)count), 0f, float.MaxValue, -1e-40f, float.NegativeInfinity, 3, float.Epsilon, float.PositiveInfinity];
            float[] expected = [.. values];
            Array.Sort(expected);

            RadixSort.Sort(values, []);

            Assert.Equal(expected, values);
        }
    }

    [Fact]
    public void Sort_KeepsTheOrderOfEqualNumbers()
    {
        float[] values = [2, -1, 2, 0, -1, 2, 0];
        float[] companions = [1, 2, 3, 4, 5, 6, 7];

        RadixSort.Sort(values, companions);

        Assert.Equal([-1, -1, 0, 0, 2, 2, 2], values);
        Assert.Equal([2, 5, 4, 7, 1, 3, 6], companions);
    }

    [Fact]
    public void Sort_Stopped_Throws() =>
        Assert.ThrowsAny<OperationCanceledException>(() => RadixSort.Sort([2, 1], [], new CancellationToken(canceled: true)));
}
