using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

public class ContextModelTests
{
    // Section 13: the values seen by consecutive bins of one context.
    [Fact]
    public void Update_FromIndexZero_FollowsTheWorkedExample()
    {
        var context = default(ContextModel);
        context.Initialize(0);
        Assert.Equal((0, 0, 0), (context.A, context.B, context.Probability));
        context.Update(0);
        Assert.Equal((-2, -4, -36), (context.A, context.B, context.Probability));
        context.Update(0);
        Assert.Equal((-4, -8, -72), (context.A, context.B, context.Probability));
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(1, -41, -654, -1310)]
    [InlineData(2, 95, 1519, 3039)]
    [InlineData(3, 0, 0, 0)]
    [InlineData(4, 30, 482, 962)]
    [InlineData(5, 95, 1519, 3039)]
    [InlineData(6, -21, -337, -673)]
    [InlineData(7, 0, 0, 0)]
    [InlineData(8, 30, 482, 962)]
    public void Initialize_SetsTheStartingPointOfTheTable(int index, int a, int b, int probability)
    {
        var context = default(ContextModel);
        context.Initialize(index);
        Assert.Equal((a, b, probability, index), (context.A, context.B, context.Probability, context.InitializationIndex));
        Assert.Equal(probability >= 0 ? 1 : 0, context.MoreProbableBin);
        Assert.Equal((probability >> 3) + 512, context.RateIndex);
        Assert.Equal(probability >= 0, context.FavoursOne);
    }

    [Fact]
    public void Update_AgreesWithThePlainArithmeticOfTheText_ForEveryIndexAndLongRuns()
    {
        Seeded random = new(7);
        for (int index = 0; index < ContextModel.InitializationCount; index++)
        {
            foreach (int ones in (int[])[0, 1, 5, 50, 95, 99, 100])
            {
                var context = default(ContextModel);
                context.Initialize(index);
                var text = new TextDecoder.Context();
                text.Start(index);
                for (int i = 0; i < 3000; i++)
                {
                    int bin = random.NextInt(100) < ones ? 1 : 0;
                    context.Update(bin);
                    text.Update(bin);
                    Assert.Equal((text.A, text.B, text.Probability), (context.A, context.B, context.Probability));
                }

                context.Reset();
                text.Start(index);
                Assert.Equal((text.A, text.B), (context.A, context.B));
            }
        }
    }
}
