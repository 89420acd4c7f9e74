namespace Tersor.Compression.Budgets.Searches;

/// <summary>
/// DeepSZ's search (Jin et al. 2019): assesses every group of tensors alone, takes what they lose (or the distances that tell it) to add up, and chooses the least bytes for each sum by dynamic programming.
/// As sums are off, it closes in on the one whose plan keeps the goal.
/// </summary>
public sealed class KnapsackSearch : PlanSearch
{
    /// <inheritdoc/>
    public override string Name => "knapsack";

    /// <inheritdoc/>
    public override string Description => "assess each tensor alone, choose the least bytes for a sum of drops by dynamic programming (DeepSZ)";

    /// <inheritdoc/>
    protected override void Explore(SearchRun run)
    {
        SearchGoal goal = run.Goal;
        bool distancesCount = goal.MostBytes is not null || goal.Anchor is not null;
        double bound = goal.MostBytes is not null ? 0 : goal.MostDistance ?? goal.MostLost;

        // Sums of what groups cost alone overestimate or underestimate what all cost together by a factor of a few.
        double most = bound > 0 ? 4 * bound : double.PositiveInfinity;
        Bracketing.FindEdge(run, new KnapsackFamily(run.Space, run.Assess(), step => distancesCount ? step.Distance : step.Drop, most));
    }
}
