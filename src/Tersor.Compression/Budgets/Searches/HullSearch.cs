namespace Tersor.Compression.Budgets.Searches;

/// <summary>Assesses every group of tensors alone and closes in on one of the plans on the convex hull of bytes and distance (<see cref="HullFamily"/>).</summary>
public sealed class HullSearch : PlanSearch
{
    /// <inheritdoc/>
    public override string Name => "hull";

    /// <inheritdoc/>
    public override string Description => "assess each tensor alone, close in on a plan of the convex hull of bytes and distance of outputs";

    /// <inheritdoc/>
    protected override void Explore(SearchRun run) => Bracketing.FindEdge(run, new HullFamily(run.Space, run.Assess()));
}
