namespace Tersor.Compression.Budgets.Searches;

/// <summary>Bisects the line of plans in which a bit buys the same everywhere (<see cref="SlopeFamily"/>), or whatever line there is.</summary>
public sealed class SlopeSearch : PlanSearch
{
    /// <inheritdoc/>
    public override string Name => "slope";

    /// <inheritdoc/>
    public override string Description => "bisect the plans in which a bit buys the same everywhere; about nine trials";

    /// <inheritdoc/>
    protected override void Explore(SearchRun run) => Bisection.FindEdge(run, run.Space.Line);
}
