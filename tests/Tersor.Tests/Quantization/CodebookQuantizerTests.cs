using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class CodebookQuantizerTests
{
    [Fact]
    public void Quantize_TakesTheNearestEntry_TheLowerOfTwo()
    {
        int[] indices = new int[9];

        CodebookQuantizer.Quantize([-9, -1.5f, -1.49f, -0.5f, 0, 1, 1.01f, 4.75f, 1e30f], 0.5, [-4, -2, 0, 4, 20], indices);

        Assert.Equal([0, 0, 1, 1, 2, 2, 3, 3, 4], indices);
    }

    [Fact]
    public void Quantize_AgreesWithTryingEveryEntry_ForAnySize()
    {
        Seeded random = new(3);
        for (int size = 1; size <= 40; size++)
        {
            int[] entries = [.. Enumerable.Range(0, size).Select(i => (3 * i) + random.NextInt(3) - 40)];
            float[] weights = Tensors.Gaussian(200, 10, (ulong)size);
            int[] indices = new int[weights.Length];

            CodebookQuantizer.Quantize(weights, 0.25, entries, indices);

            for (int i = 0; i < weights.Length; i++)
            {
                double Distance(int entry) => Math.Abs((weights[i] / 0.25) - entry);
                Assert.Equal(entries.Min(Distance), Distance(entries[indices[i]]));
            }
        }
    }

    [Fact]
    public void Dequantize_GivesEntryTimesStep_AndQuantizesToItself()
    {
        int[] entries = [-7, -1, 0, 3];
        int[] indices = [3, 0, 2, 1, 1];
        float[] values = new float[5];
        int[] again = new int[5];

        CodebookQuantizer.Dequantize(indices, 0.1, entries, values);
        CodebookQuantizer.Quantize(values, 0.1, entries, again);

        Assert.Equal([(float)(3 * 0.1), (float)(-7 * 0.1), 0, -0.1f, -0.1f], values);
        Assert.Equal(indices, again);
    }

    [Fact]
    public void Design_RoundsCentroidsToTheGrid_AndKeepsZerosApart()
    {
        float[] weights = [0, 0, -0.51f, 0.88f, 0, 0.49f, -1.02f, 0.95f, 0.45f, -0.55f, -0.97f, 0.53f, 0];

        int[] entries = CodebookQuantizer.Design(weights, 0.01, 5, keepZeros: true);

        Assert.Equal(new[] { -0.995, -0.53, 0.49, 0.915 }.Select(c => Math.Round(c * 100)), entries.Where(e => e != 0).Select(e => (double)e), (a, b) => Math.Abs(a - b) <= 1);
        Assert.Contains(0, entries);
        Assert.Equal(5, entries.Length);
    }

    [Fact]
    public void Design_CentroidsThatFallTogether_BecomeOneEntry()
    {
        Assert.Equal([1], CodebookQuantizer.Design([0.9f, 1, 1.1f], 1, 3, keepZeros: false));
        Assert.Equal([0], CodebookQuantizer.Design([], 1, 3, keepZeros: true));
        Assert.Equal([0], CodebookQuantizer.Design([0, 0], 1, 1, keepZeros: true));
    }

    [Fact]
    public void BadArguments_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => CodebookQuantizer.Quantize([float.NaN], 1, [0], new int[1]));
        Assert.Throws<ArgumentException>(() => CodebookQuantizer.Quantize([1], 1, [], new int[1]));
        Assert.Throws<ArgumentException>(() => CodebookQuantizer.Quantize([1], 1, [0, 0], new int[1]));
        Assert.Throws<ArgumentException>(() => CodebookQuantizer.Quantize([1], 1, [0], new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => CodebookQuantizer.Quantize([1], 0, [0], new int[1]));
        Assert.Throws<ArgumentException>(() => CodebookQuantizer.Dequantize([0], 1, [0], new float[2]));
        Assert.Throws<IndexOutOfRangeException>(() => CodebookQuantizer.Dequantize([2], 1, [0, 1], new float[1]));
        Assert.Throws<ArgumentException>(() => CodebookQuantizer.Design([1, float.NaN], 1, 2, keepZeros: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => CodebookQuantizer.Design([1], 1, 0, keepZeros: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => CodebookQuantizer.Design([0, 1], 1, 1, keepZeros: true));
    }
}
