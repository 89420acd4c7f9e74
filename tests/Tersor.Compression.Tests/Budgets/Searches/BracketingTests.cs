using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Compression.Budgets.Searches;
using Tersor.Engine.Training;
using Tersor.Plans;

namespace Tersor.Compression.Tests.Budgets.Searches;

public class BracketingTests
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
                SearchResult result = new SlopeSearch().Run(new SearchProblem { Space = new PlanSpace(new Numbered(count), []), Goal = goal, Trials = new NumberedTrials(place => (place - 0.5) / 1000) });
                Assert.Equal(edge, result.Found!.Plan.Tensors[0].Qp);
                Assert.True(result.Trials.Count <= Math.Log2(count) + 2, $"{result.Trials.Count} trials of {count} plans");
            }
        }
    }

    [Fact]
    public void Losses_that_grow_evenly_in_their_logarithm_take_a_handful_of_trials()
    {
        for (int edge = 3; edge < 250; edge += 7)
        {
            SearchResult result = Search([.. Enumerable.Range(0, 257).Select(place => 0.001 * Math.Exp((place - edge - 0.5) / 11))], 0.001);

            Assert.Equal(edge, result.Found!.Plan.Tensors[0].Qp);
            Assert.True(result.Trials.Count <= 6, $"{result.Trials.Count} trials");
        }
    }

    [Fact]
    public void However_losses_grow_the_edge_is_found_and_the_bracket_halves_in_three_trials()
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            RandomStream random = new(seed, "losses");
            double[] losses = new double[1 + random.NextInt(300)];
            double loss = 0;
            for (int i = 0; i < losses.Length; i++) losses[i] = loss += random.NextInt(3) == 0 ? 2e-4 * Math.Pow(10, 1.5 * random.NextSingle()) : 0;

            // Between two losses, as a standard error is added to them.
            double most = losses[random.NextInt(losses.Length)] + 1e-4;

            SearchResult result = Search(losses, most);

            Assert.Equal(Array.FindLastIndex(losses, lost => lost <= most), result.Found!.Plan.Tensors[0].Qp);
            Assert.True(result.Trials.Count <= (3 * Math.Ceiling(Math.Log2(losses.Length + 1))) + 1, $"{result.Trials.Count} trials of {losses.Length} plans");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void However_few_the_trials_a_plan_that_keeps_the_goal_is_found(int trials)
    {
        SearchResult result = Search([.. Enumerable.Range(0, 257).Select(place => place < 4 ? 0 : 0.5)], 0.001, trials);

        Assert.InRange(result.Found!.Plan.Tensors[0].Qp, 0, 3);
        Assert.Equal(trials, result.Trials.Count);
    }

    private static SearchResult Search(double[] losses, double most, int? trials = null) => new SlopeSearch().Run(
        new SearchProblem { Space = new PlanSpace(new Numbered(losses.Length), []), Goal = SearchGoal.Loss(most), Trials = new NumberedTrials(place => losses[place]), MostTrials = trials });

    private sealed class Numbered(int count) : PlanLine
    {
        public override int Count => count;

        public override int PlacesPerOctave => 4;

        public override int Start => 0;

        public override CompressionPlan At(int index) => new() { Tensors = [new TensorPlan { Name = "w", Method = TensorMethod.Uniform, Qp = index }] };
    }

    // Sure of its losses: so many samples that there is hardly a standard error.
    private sealed class NumberedTrials(Func<int, double> lossOf) : IPlanTrials
    {
        private const int Samples = 2_000_000_000;

        public BudgetTrial Judge(CompressionPlan plan, CancellationToken cancellationToken = default)
        {
            int place = plan.Tensors[0].Qp;
            return new BudgetTrial(plan, 10_000 - place, new AnswerChange(Samples, 0, 0, 0, (int)(Math.Max(0, lossOf(place)) * Samples), 0));
        }

        public BudgetTrial JudgeWidely(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, cancellationToken);

        public BudgetTrial Measure(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, cancellationToken) with { Change = null };

        public BudgetTrial Assess(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, cancellationToken);
    }
}
