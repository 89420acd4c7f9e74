namespace Tersor.Compression.Budgets.Searches;

/// <summary>
/// DeepSZ's search (Jin et al. 2019): assesses every group of tensors alone, takes what they lose to add up, and chooses the least bytes for each sum by dynamic programming.
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
        bool boundsLoss = run.Goal.MostBytes is null;

        // Sums of single losses overestimate or underestimate that of all by a factor of a few.
        double most = boundsLoss && run.Goal.MostLost > 0 ? 4 * run.Goal.MostLost / run.Goal.Share : double.PositiveInfinity;
        Bracketing.FindEdge(run, new KnapsackFamily(run.Space, run.Assess(), step => boundsLoss ? step.Drop : step.Distance, most));
    }
}
