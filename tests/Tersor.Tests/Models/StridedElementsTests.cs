using Tersor.Models;

namespace Tersor.Tests.Models;

public class StridedElementsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void RowMajor_RandomViews_EqualElementByElementReading(int width)
    {
        Seeded random = new((ulong)width);
        byte[] storage = new byte[500 * width];
        random.Fill(storage);
        for (int round = 0; round < 200; round++)
        {
            long[] sizes = [.. Enumerable.Range(0, random.NextInt(5)).Select(_ => (long)(random.NextInt(10) == 0 ? 0 : 1 + random.NextInt(4)))];
            long[] strides = [.. sizes.Select(_ => (long)random.NextInt(30))];
            TensorShape shape = new(sizes);
            long offset = random.NextInt(20);
            byte[] actual = StridedElements.RowMajor("view", ByteSource.FromMemory(storage), offset, shape, strides, width).ReadAll().ToArray();

            List<byte> expected = [];
            for (long flat = 0; flat < shape.ElementCount; flat++)
            {
                long element = offset, rest = flat;
                for (int axis = sizes.Length - 1; axis >= 0; axis--)
                {
                    element += rest % sizes[axis] * strides[axis];
                    rest /= sizes[axis];
                }

                expected.AddRange(storage.AsSpan((int)element * width, width));
            }

            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void RowMajor_OfRowMajorElements_IsAWindow()
    {
        byte[] storage = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        Assert.True(
            StridedElements.RowMajor("view", ByteSource.FromMemory(storage), 3, new TensorShape(2, 1, 5), [5, 77, 1], 2).TryGetMemory(out ReadOnlyMemory<byte> window), "no copy");
        Assert.Equal(storage[6..26], window.ToArray());
    }

    [Fact]
    public void Span_CountsFromFirstToLastElement()
    {
        Assert.Equal(1, StridedElements.Span(new TensorShape(), []));
        Assert.Equal(0, StridedElements.Span(new TensorShape(3, 0), [9, 9]));
        Assert.Equal(12, StridedElements.Span(new TensorShape(3, 4), [4, 1]));
        Assert.Equal(-1, StridedElements.Span(new TensorShape(2, 2), [long.MaxValue, 1]));
    }
}
