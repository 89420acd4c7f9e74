using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Compression.Budgets.Searches;
using Tersor.Plans;

namespace Tersor.Compression.Tests.Budgets.Searches;

public class BisectionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(1000)]
    public void The_plan_at_the_edge_is_found_in_few_trials(int count)
    {
        for (int edge = 0; edge < count; edge += Math.Max(1, count / 29))
        {
            foreach (SearchGoal goal in new[] { SearchGoal.Loss(edge / 1000.0), SearchGoal.Size(10_000 - edge) })
            {
                SearchResult result = new SlopeSearch().Run(new SearchProblem { Space = new PlanSpace(new Numbered(count), []), Goal = goal, Trials = new NumberedTrials() });
                Assert.Equal(edge, result.Found!.Plan.Tensors[0].Qp);
                Assert.True(result.Trials.Count <= Math.Log2(count) + 2, $"{result.Trials.Count} trials of {count} plans");
            }
        }
    }

    private sealed class Numbered(int count) : PlanLine
    {
        public override int Count => count;

        public override int PlacesPerOctave => 4;

        public override int Start => 0;

        public override CompressionPlan At(int index) => new() { Tensors = [new TensorPlan { Name = "w", Method = TensorMethod.Uniform, Qp = index }] };
    }

    // Sure of its losses: so many samples that there is hardly a standard error.
    private sealed class NumberedTrials : IPlanTrials
    {
        private const int Samples = 2_000_000_000;

        public BudgetTrial Judge(CompressionPlan plan, CancellationToken cancellationToken = default)
        {
            int lost = (int)((plan.Tensors[0].Qp - 0.5) * (Samples / 1000.0));
            return new BudgetTrial(plan, 10_000 - plan.Tensors[0].Qp, new AnswerChange(Samples, 0, 0, 0, Math.Max(0, lost), 0));
        }

        public BudgetTrial JudgeWidely(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, cancellationToken);

        public BudgetTrial Measure(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, cancellationToken) with { Change = null };

        public BudgetTrial Assess(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, cancellationToken);
    }
}
