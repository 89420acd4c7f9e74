using Tersor.Compression.Budgets;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Budgets;

public class KnapsackTests
{
    /// <summary>For random options and every budget, no choice has fewer bytes.</summary>
    [Fact]
    public void Choices_AreTheBestOfAll()
    {
        Seeded random = new(7);
        for (int round = 0; round < 100; round++)
        {
            KnapsackOption[][] groups = [.. Enumerable.Range(0, 1 + random.NextInt(4)).Select(_ =>
                Enumerable.Range(0, 1 + random.NextInt(5)).Select(_ => new KnapsackOption(random.NextInt(1000), random.NextInt(12))).ToArray())];
            Knapsack knapsack = new(groups, 30);
            for (int budget = 0; budget <= 30; budget++)
            {
                double? expected = LeastBytes(groups, budget);
                int[]? chosen = knapsack.Choose(budget);
                Assert.Equal(expected is null, chosen is null);
                if (chosen is null) continue;
                Assert.Equal(expected, chosen.Select((option, group) => groups[group][option].Bytes).Sum());
                Assert.True(chosen.Select((option, group) => groups[group][option].Cost).Sum() <= budget);
            }
        }
    }

    /// <summary>Three layers of a network with measured drops, in units of a thousandth: totals worked out by hand.</summary>
    [Theory]
    [InlineData(0, 1240)]
    [InlineData(1, 940)]
    [InlineData(2, 850)]
    [InlineData(3, 790)]
    [InlineData(4, 700)]
    [InlineData(5, 640)]
    public void Choices_OfThreeLayers_TakeTheLeastBytes(int budget, double bytes)
    {
        KnapsackOption[][] layers = [[new(900, 0), new(600, 1), new(450, 3)], [new(300, 0), new(210, 1), new(150, 2)], [new(40, 0), new(30, 1), new(22, 4)]];
        Assert.Equal(bytes, new Knapsack(layers, 5).Choose(budget)!.Select((option, layer) => layers[layer][option].Bytes).Sum());
    }

    private static double? LeastBytes(KnapsackOption[][] groups, int budget)
    {
        if (groups.Length == 0) return 0;
        double?[] all = [.. groups[0].Where(option => option.Cost <= budget).Select(option => LeastBytes(groups[1..], budget - option.Cost) is double rest ? rest + option.Bytes : (double?)null)];
        return all.Min();
    }
}
