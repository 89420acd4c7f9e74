using Tersor.Compression.Budgets;
using Tersor.Plans;

namespace Tersor.Compression.Tests.Budgets;

public class BudgetSearchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(1000)]
    public void The_plan_at_the_edge_is_found_without_trying_any_twice(int count)
    {
        for (int edge = 0; edge < count; edge += Math.Max(1, count / 29))
        {
            int attempts = 0;
            BudgetSearch search = new(new Numbered(count), plan =>
            {
                attempts++;
                return new BudgetTrial(plan, 10_000 - plan.Tensors[0].Qp, null);
            });
            Assert.Equal(edge, search.Coarsest(trial => trial.Plan.Tensors[0].Qp <= edge)!.Plan.Tensors[0].Qp);
            Assert.Equal(edge, search.Finest(trial => trial.Bytes <= 10_000 - edge)!.Plan.Tensors[0].Qp);
            Assert.Equal(attempts, search.Trials.Count);
            Assert.True(attempts <= 2 * (Math.Log2(count) + 2), $"{attempts} trials of {count} plans");
        }
    }

    [Fact]
    public void Nothing_is_found_where_no_plan_keeps_the_budget()
    {
        BudgetSearch search = new(new Numbered(9), plan => new BudgetTrial(plan, 5, null));
        Assert.Null(search.Coarsest(_ => false));
        Assert.Null(search.Finest(_ => false));
        Assert.Equal(2, search.Trials.Count);
    }

    private sealed class Numbered(int count) : PlanFamily
    {
        public override int Count => count;

        public override CompressionPlan At(int index) => new() { Tensors = [new TensorPlan { Name = "w", Method = TensorMethod.Uniform, Qp = index }] };
    }
}
