using Tersor.Compression.Budgets;

namespace Tersor.Compression.Tests.Budgets;

public class KnapsackFamilyTests
{
    [Fact]
    public void Plans_SpendEachSumOfDropsOnTheMostBytes_AndBeginFinerThanWhatCostsNothing()
    {
        // a saves 100 for 1 and 150 for 8; b saves 10 for 2. c costs nothing, and saves.
        GroupAssessment[] assessments =
        [
            new(0, [Step(8, 300, 0), Step(9, 200, 0.01), Step(10, 150, 0.08)]),
            new(1, [Step(8, 30, 0), Step(9, 20, 0.02)]),
            new(2, [Step(8, 9, 0), Step(9, 5, -0.001)]),
        ];
        KnapsackFamily family = new(SyntheticTrials.Space, assessments, step => step.Drop, double.PositiveInfinity);
        string[] plans = [.. Enumerable.Range(0, family.Count).Select(index => string.Join(' ', family.At(index).Tensors.Select(tensor => tensor.Qp)))];

        Assert.Equal(["8 8 9", "9 8 9", "9 9 9", "10 8 9", "10 9 9"], plans[^5..]);
        Assert.Equal("6 6 7", plans[^6]);
        Assert.Equal("0 0 0", plans[0]);
    }

    [Fact]
    public void Steps_ThatSeemToCostLessThanFinerOnes_CostTheSame()
    {
        GroupAssessment[] assessments = [new(0, [Step(8, 300, 0), Step(9, 200, 0.01), Step(10, 100, 0)]), new(1, [Step(8, 30, 0)]), new(2, [Step(8, 9, 0)])];
        KnapsackFamily family = new(SyntheticTrials.Space, assessments, step => step.Drop, double.PositiveInfinity);

        // At no cost nothing is saved; at the cost of the step between, all.
        Assert.Equal([8, 10], Enumerable.Range(0, family.Count).TakeLast(2).Select(index => family.At(index).Tensors[0].Qp));
    }

    private static AssessedStep Step(int place, double bytes, double drop) => new(new GroupSetting(place), bytes, drop, drop);
}
