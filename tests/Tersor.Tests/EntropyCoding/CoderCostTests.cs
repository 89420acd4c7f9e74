using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

public class CoderCostTests
{
    [Fact]
    public void Of_IsTheMeanOverAllRanges()
    {
        for (int probability = -3880; probability < 3890; probability += 7)
        {
            ContextModel context = Reach(probability);
            int column = Math.Abs(context.Probability >> 7);
            double less = 0, more = 0, weights = 0;
            for (int range = 256; range <= 510; range++)
            {
                double share = TextDecoder.WidthTable[(range >> 5) & 7][column] / (double)range;
                less -= Math.Log2(share) / range;
                more -= Math.Log2(1 - share) / range;
                weights += 1.0 / range;
            }

            int likely = context.MoreProbableBin;
            Assert.Equal(more / weights * 32768, CoderCost.Of(context, likely), 1.0);
            Assert.Equal(less / weights * 32768, CoderCost.Of(context, 1 - likely), 1.0);
        }
    }

    // What a long run of coded bins costs in the end is what the table says, within a part in two hundred.
    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(30)]
    [InlineData(50)]
    [InlineData(90)]
    public void Of_AddsUpToTheCodeword(int percentOfOnes)
    {
        Seeded random = new((ulong)percentOfOnes);
        var encoder = new ArithmeticEncoder();
        var context = default(CodingContext);
        context.Initialize(4);
        long cost = 0;
        for (int i = 0; i < 100_000; i++)
        {
            int bin = random.NextInt(100) < percentOfOnes ? 1 : 0;
            cost += CoderCost.Of(context.Model, bin);
            encoder.EncodeBin(ref context, bin);
        }

        Assert.Equal(encoder.Finish().Length * 8.0, cost / 32768.0, cost / 32768.0 / 200);
    }

    private static ContextModel Reach(int probability)
    {
        var context = default(ContextModel);
        context.Initialize(4);
        for (int i = 0; i < 400; i++) context.Update(context.Probability < probability ? 1 : 0);
        return context;
    }
}
