using Tersor.Models;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class SharedValueTableTests
{
    private static readonly float[] Awkward =
    [
        0f, -0f, 1.5f, -1.5f, float.NaN, BitConverter.Int32BitsToSingle(0x7FC00001), BitConverter.Int32BitsToSingle(-1), float.Epsilon,
        -float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, 1.5f, 0f,
    ];

    [Fact]
    public void TryBuild_LevelsGrowWithValues_AndZeroIsLevelZero()
    {
        Assert.True(SharedValueTable.TryBuild([0, 0.5f, -2, 0, 3, -0.25f, 0.5f], 16, out SharedValueTable? table, out int[]? levels));

        Assert.Equal([0, 1, -2, 0, 2, -1, 1], levels);
        Assert.Equal(5, table.Count);
        Assert.Equal(-2, table.LowestLevel);
        Assert.Equal([-2, -0.25f, 0, 0.5f, 3], Enumerable.Range(-2, 5).Select(level => table[level]));
    }

    [Fact]
    public void Expand_GivesEveryBitBack()
    {
        Assert.True(SharedValueTable.TryBuild(Awkward, 16, out SharedValueTable? table, out int[]? levels));
        float[] values = new float[Awkward.Length];

        Assert.Equal(-1, table.Expand(levels, values));

        Assert.Equal(Array.ConvertAll(Awkward, BitConverter.SingleToInt32Bits), Array.ConvertAll(values, BitConverter.SingleToInt32Bits));
        Assert.Equal(13, table.Count);
    }

    [Fact]
    public void TryBuild_MoreDistinctValuesThanTheLimit_GivesUp()
    {
        float[] values = [.. Enumerable.Range(0, 300).Select(i => (float)i)];

        Assert.False(SharedValueTable.TryBuild(values, 299, out _, out _));
        Assert.True(SharedValueTable.TryBuild(values, 300, out _, out _));
        Assert.True(SharedValueTable.TryBuild([], 0, out SharedValueTable? empty, out _));
        Assert.Equal(0, empty.Count);
    }

    [Fact]
    public void TryBuild_LargestTable_IsFound()
    {
        float[] values = [.. Enumerable.Range(0, 2 * SharedValueTable.MaxCount).Select(i => (i * 7919 % SharedValueTable.MaxCount) - 1000f)];

        Assert.True(SharedValueTable.TryBuild(values, SharedValueTable.MaxCount, out SharedValueTable? table, out int[]? levels));

        float[] back = new float[values.Length];
        Assert.Equal(-1, table.Expand(levels, back));
        Assert.Equal(values, back);
    }

    [Fact]
    public void TryBuild_DenseTensor_IsGivenUpSoon()
    {
        float[] values = Tensors.Gaussian(2_000_000, 1, 3);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.False(SharedValueTable.TryBuild(values, 256, out _, out _));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 10);
    }

    [Fact]
    public void Join_WritesDistancesOutwardFromZero()
    {
        SharedValueTable.TryBuild(
            [BitConverter.Int32BitsToSingle(5), 0, -0f, -BitConverter.Int32BitsToSingle(4)], 16, out SharedValueTable? table, out _);

        // Keys -5, -1, 0, 5: the first of them is -4 denormals, the second -0.
        Assert.Equal([2, 2, 0, 3, 0, 4], SharedValueTable.Join([table!]));
    }

    [Fact]
    public void TrySplit_GivesTheJoinedTablesBack()
    {
        SharedValueTable.TryBuild(Awkward, 16, out SharedValueTable? first, out _);
        SharedValueTable.TryBuild([], 16, out SharedValueTable? second, out _);
        SharedValueTable.TryBuild([-1, -2, -1], 16, out SharedValueTable? third, out _);

        Assert.True(SharedValueTable.TrySplit(SharedValueTable.Join([first!, second!, third!]), 3, out SharedValueTable[]? tables));

        Assert.Equal([13, 0, 2], tables.Select(table => table.Count));
        Assert.Equal(-1f, tables[2][-1]);
        Assert.Equal(-2f, tables[2][-2]);
        for (int level = first!.LowestLevel; level < first.LowestLevel + first.Count; level++)
            Assert.Equal(BitConverter.SingleToInt32Bits(first[level]), BitConverter.SingleToInt32Bits(tables[0][level]));
    }

    [Theory]
    [InlineData(new[] { 1, 1, 0 }, 1)]
    [InlineData(new[] { 1, 1, 0, 0, 0 }, 1)]
    [InlineData(new[] { -1, 1 }, 1)]
    [InlineData(new[] { int.MaxValue, int.MaxValue, 0, 0 }, 1)]
    [InlineData(new[] { 0, 2, 5, -1 }, 1)]
    [InlineData(new[] { 0, 2, int.MaxValue, 0 }, 1)]
    [InlineData(new[] { 2, 0, int.MaxValue, int.MaxValue }, 1)]
    [InlineData(new[] { 0, 0 }, 2)]
    [InlineData(new[] { 0, 0 }, -1)]
    [InlineData(new[] { 0, 0 }, int.MaxValue)]
    public void TrySplit_DamagedIntegers_AreRefused(int[] numbers, int tableCount) =>
        Assert.False(SharedValueTable.TrySplit(numbers, tableCount, out _));

    [Theory]
    [InlineData(3)]
    [InlineData(-3)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Expand_LevelBeyondTheTable_IsReported(int level)
    {
        SharedValueTable.TryBuild([0, 1, 2, -1, -2], 16, out SharedValueTable? table, out _);

        Assert.Equal(1, table!.Expand([0, level, 1], new float[3]));
    }

    [Fact]
    public void Swap_IsATransposeOfTheFirstTwoDimensions()
    {
        int[] swapped = new int[12];
        int[] back = new int[12];

        LeadingAxes.Swap<int>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 2, 3, swapped);
        LeadingAxes.Swap<int>(swapped, 3, 2, back);

        Assert.Equal([0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11], swapped);
        Assert.Equal(Enumerable.Range(0, 12), back);
        Assert.Throws<ArgumentException>(() => LeadingAxes.Swap<int>(new int[12], 5, 2, new int[12]));
        Assert.Throws<ArgumentException>(() => LeadingAxes.Swap<int>(new int[12], 2, 3, new int[6]));
    }

    [SkippableFact]
    public void SqueezeNet_SharedWeightsAndTablesTakeLessThanTheReleasedFileDoesAfterBrotli()
    {
        string path = SharedAssets.Require("models/squeezenet-v1.0-deep-compressed.safetensors");
        using Model model = ModelFormats.Open(path);
        List<SharedValueTable> tables = [];
        int bytes = 0;
        foreach (Tensor tensor in model.Tensors)
        {
            if (tensor.Shape.Rank == 1)
            {
                bytes += (int)tensor.ByteLength;
                continue;
            }

            float[] values = tensor.ReadSingles();
            Assert.True(SharedValueTable.TryBuild(values, 256, out SharedValueTable? table, out int[]? levels));
            tables.Add(table);
            int rows = (int)tensor.Shape[0];
            bytes += Tensors.CodedBytes(Tensors.Matrix(rows, levels.Length / rows, dependent: false, greaterFlagCount: 24), levels);
            float[] back = new float[values.Length];
            Assert.Equal(-1, table.Expand(levels, back));
            Assert.Equal(values, back);
        }

        int[] joined = SharedValueTable.Join(tables);
        bytes += Tensors.CodedBytes(Tensors.Matrix(1, joined.Length, dependent: false, greaterFlagCount: 1), joined);
        Assert.InRange(bytes, 0, 536_500);
    }
}
