using Tersor.Compression.Budgets;
using Tersor.Plans;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Budgets;

public class HullFamilyTests
{
    [Fact]
    public void Moves_come_by_their_price_whichever_group_they_are_of()
    {
        // a: 1 for 100 bytes, then 8 for 100. b: 3 for 100, then 4 for 100.
        HullFamily family = new(
            SyntheticTrials.Space,
            [
                new GroupAssessment(0, [Step(2, 300, 1), Step(3, 200, 2), Step(4, 100, 10)]),
                new GroupAssessment(1, [Step(2, 300, 1), Step(3, 200, 4), Step(4, 100, 8)]),
            ]);
        Assert.Equal(["2 2 12", "3 2 12", "3 3 12", "3 4 12", "4 4 12"], Enumerable.Range(0, family.Count).Select(i => Places(family.At(i))));
    }

    [Fact]
    public void Steps_above_the_hull_take_the_price_of_their_edge_and_those_without_savings_none()
    {
        // a: 3 costs 9 for its first 100 bytes, but 4 costs 5 each for 200; 5 saves nothing. b costs 7 for 100: it comes after both.
        HullFamily family = new(
            SyntheticTrials.Space,
            [
                new GroupAssessment(0, [Step(2, 300, 0.5), Step(3, 200, 9.5), Step(4, 100, 10.5), Step(5, 100, 11)]),
                new GroupAssessment(1, [Step(2, 200, 1), Step(3, 100, 8)]),
            ]);
        Assert.Equal(["2 2 12", "3 2 12", "4 2 12", "4 3 12"], Enumerable.Range(0, family.Count).Select(i => Places(family.At(i))));
    }

    [Fact]
    public void Of_two_weights_of_the_bits_the_better_one_is_taken_at_each_size()
    {
        PlanSpace space = new(new Weighted(), [["w"]]);
        HullFamily family = new(space, [new GroupAssessment(0, [Step(2, 300, 1), Step(3, 200, 2), Step(4, 100, 40), Step(3, 250, 3, 0.25), Step(4, 110, 9, 0.25)])]);
        Assert.Equal([(2, 8), (3, 8), (4, 2), (4, 8)], Enumerable.Range(0, family.Count).Select(i => (family.At(i).Tensors[0].Qp, (int)family.At(i).Tensors[0].Lambda)));
    }

    [Fact]
    public void Steps_between_those_measured_lie_on_lines()
    {
        IReadOnlyList<AssessedStep> filled = new GroupAssessment(0, [new(new(0), 500, 1e-4, 0), new(new(4), 100, 1, 0.8)]).Filled();
        Assert.Equal([0, 1, 2, 3, 4], filled.Select(step => step.Setting.Place));
        Assert.Equal([500, 400, 300, 200, 100], filled.Select(step => step.Bytes));
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(Math.Pow(10, i - 4), filled[i].Distance, 1e-9);
            Assert.Equal(0.2 * i, filled[i].Drop, 1e-9);
        }

        Assert.Equal([0, 3, 4], new GroupAssessment(0, [Step(0, 9, 1), Step(4, 5, 2)]).Filled(placesPerStep: 3).Select(step => step.Setting.Place));
    }

    /// <summary>For any assessments, plans get smaller and the sum of the distances grows.</summary>
    [Fact]
    public void Random_families_go_from_fine_to_coarse()
    {
        Seeded random = new(5);
        for (int round = 0; round < 200; round++)
        {
            GroupAssessment[] groups = [.. Enumerable.Range(0, 3).Select(group =>
            {
                (double bytes, double distance) = (1000, 1e-6);
                return new GroupAssessment(group, [.. Enumerable.Range(0, 6).Select(i => Step(4 * i, bytes *= 0.3 + (0.7 * random.NextSingle()), distance *= 1 + (20 * random.NextSingle())))]);
            })];
            HullFamily family = new(SyntheticTrials.Space, groups);
            (double lastBytes, double lastDistance) = (double.PositiveInfinity, 0);
            for (int i = 0; i < family.Count; i++)
            {
                CompressionPlan plan = family.At(i);
                AssessedStep[] steps = [.. groups.Select((group, at) => group.Filled().Single(step => step.Setting.Place == plan.Tensors[at].Qp))];
                Assert.True(steps.Sum(step => step.Bytes) < lastBytes);
                Assert.True(steps.Sum(step => step.Distance) > lastDistance);
                (lastBytes, lastDistance) = (steps.Sum(step => step.Bytes), steps.Sum(step => step.Distance));
            }
        }
    }

    private static AssessedStep Step(int place, double bytes, double distance, double factor = 1) => new(new GroupSetting(place, factor), bytes, distance, 0);

    private static string Places(CompressionPlan plan) => string.Join(' ', plan.Tensors.Select(tensor => tensor.Qp));

    private sealed class Weighted : PlanLine
    {
        public override int Count => 9;

        public override int PlacesPerOctave => 4;

        public override int Start => 4;

        public override CompressionPlan At(int index) => new() { Tensors = [new TensorPlan { Name = "w", Method = TensorMethod.UniformRdo, Qp = index, Lambda = 8 }] };
    }
}
