using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public sealed class LevelRangeTests
{
    [Fact]
    public void RaiseQp_LeavesWhatFits() => Assert.Equal(-38, LevelRange.RaiseQp([0.5f, -1f], -38));

    [Theory]
    [InlineData(1e6f, 2)]
    [InlineData(-3.4e38f, 2)]
    [InlineData(1f, 7)]
    public void RaiseQp_TakesTheSmallestThatFits(float weight, int density)
    {
        int qp = LevelRange.RaiseQp([0, weight], -4000, density);
        int[] levels = new int[1];

        UniformQuantizer.Quantize([weight], StepSize.FromQp(qp, density), levels);

        Assert.InRange(Math.Abs((long)levels[0]), LevelRange.MaxMagnitude / 2, LevelRange.MaxMagnitude + 64L);
        Assert.True(Math.Abs((double)weight) / StepSize.FromQp(qp - 1, density) > LevelRange.MaxMagnitude);
    }

    [Fact]
    public void RaiseQp_NothingToRaiseFor_ReturnsWhatWasAskedFor()
    {
        Assert.Equal(-75, LevelRange.RaiseQp([], -75));
        Assert.Equal(-75, LevelRange.RaiseQp([0, 0], -75));
    }

    [Fact]
    public void RaiseQp_InfiniteWeight_IsNamed()
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => LevelRange.RaiseQp([0, float.NegativeInfinity], 0));

        Assert.StartsWith("Weight 1 is infinite", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IndexOf_FindsNonFiniteWeightsAtEveryPosition()
    {
        for (int length = 1; length <= 70; length++)
        {
            float[] weights = Tensors.Gaussian(length, 1e38f, 9);
            Assert.Equal(-1, NonFiniteWeight.IndexOf(weights));
            weights[length - 1] = float.NaN;
            Assert.Equal(length - 1, NonFiniteWeight.IndexOf(weights));
            weights[length / 2] = float.NegativeInfinity;
            Assert.Equal(length / 2, NonFiniteWeight.IndexOf(weights));
        }
    }
}
