using Tersor.Compression.Budgets;
using Tersor.Plans;

namespace Tersor.Compression.Tests.Budgets;

public class HullFamilyTests
{
    private static readonly CompressionPlan Plan = new()
    {
        Tensors =
        [
            new TensorPlan { Name = "a", Method = TensorMethod.Uniform, Qp = -20 },
            new TensorPlan { Name = "b", Method = TensorMethod.Uniform, Qp = -20 },
            new TensorPlan { Name = "bias", Method = TensorMethod.Uniform, Qp = -40 },
        ],
    };

    [Fact]
    public void Moves_come_by_their_price_whichever_tensor_they_are_of()
    {
        // a: 1 for 100 bytes, then 8 for 100. b: 3 for 100, then 4 for 100.
        HullFamily family = new(
            Plan,
            [
                new TensorAssessment("a", [new(-22, 1, 300, 1), new(-21, 1, 200, 2), new(-20, 1, 100, 10)]),
                new TensorAssessment("b", [new(-22, 1, 300, 1), new(-21, 1, 200, 4), new(-20, 1, 100, 8)]),
            ]);
        Assert.Equal(["-22 -22 -40", "-21 -22 -40", "-21 -21 -40", "-21 -20 -40", "-20 -20 -40"], Enumerable.Range(0, family.Count).Select(i => Qps(family.At(i))));
    }

    [Fact]
    public void Steps_above_the_hull_take_the_price_of_their_edge_and_those_without_savings_none()
    {
        // a: -21 costs 9 for its first 100 bytes, but -20 costs 5 each for 200; -19 saves nothing. b costs 7 for 100: it comes after both.
        HullFamily family = new(
            Plan,
            [
                new TensorAssessment("a", [new(-22, 1, 300, 0.5), new(-21, 1, 200, 9.5), new(-20, 1, 100, 10.5), new(-19, 1, 100, 11)]),
                new TensorAssessment("b", [new(-22, 1, 200, 1), new(-21, 1, 100, 8)]),
            ]);
        Assert.Equal(["-22 -22 -40", "-21 -22 -40", "-20 -22 -40", "-20 -21 -40"], Enumerable.Range(0, family.Count).Select(i => Qps(family.At(i))));
    }

    [Fact]
    public void Of_two_weights_of_the_bits_the_better_one_is_taken_at_each_size()
    {
        HullFamily family = new(Plan, [new TensorAssessment("a", [new(-22, 1, 300, 1), new(-21, 1, 200, 2), new(-20, 1, 100, 40), new(-21, 0.25, 250, 3), new(-20, 0.25, 110, 9)])]);
        Assert.Equal([(-22, 1), (-21, 1), (-20, 0.25), (-20, 1)], Enumerable.Range(0, family.Count).Select(i => (family.At(i).Tensors[0].Qp, family.At(i).Tensors[0].Lambda)));
    }

    [Fact]
    public void Steps_between_those_measured_lie_on_lines()
    {
        IReadOnlyList<AssessedStep> filled = new TensorAssessment("a", [new(0, 1, 500, 1e-4), new(4, 1, 100, 1)]).Filled();
        Assert.Equal([0, 1, 2, 3, 4], filled.Select(step => step.Qp));
        Assert.Equal([500, 400, 300, 200, 100], filled.Select(step => step.Bytes));
        for (int i = 0; i < 5; i++) Assert.Equal(Math.Pow(10, i - 4), filled[i].Distance, 1e-9);
    }

    /// <summary>For any assessments, plans get smaller and the sum of the distances grows.</summary>
    [Fact]
    public void Random_families_go_from_fine_to_coarse()
    {
        Random random = new(5);
        for (int round = 0; round < 200; round++)
        {
            TensorAssessment[] tensors = [.. new[] { "a", "b" }.Select(name =>
            {
                (double bytes, double distance) = (1000, 1e-6);
                return new TensorAssessment(name, [.. Enumerable.Range(0, 6).Select(i => new AssessedStep(
                    -30 + (4 * i), 1, bytes *= 0.3 + (0.7 * random.NextDouble()), distance *= 1 + (20 * random.NextDouble())))]);
            })];
            HullFamily family = new(Plan, tensors);
            (double lastBytes, double lastDistance) = (double.PositiveInfinity, 0);
            for (int i = 0; i < family.Count; i++)
            {
                CompressionPlan plan = family.At(i);
                AssessedStep[] steps = [.. tensors.Select((tensor, at) => tensor.Filled().Single(step => step.Qp == plan.Tensors[at].Qp))];
                Assert.True(steps.Sum(step => step.Bytes) < lastBytes);
                Assert.True(steps.Sum(step => step.Distance) > lastDistance);
                (lastBytes, lastDistance) = (steps.Sum(step => step.Bytes), steps.Sum(step => step.Distance));
            }
        }
    }

    private static string Qps(CompressionPlan plan) => string.Join(' ', plan.Tensors.Select(tensor => tensor.Qp));
}
