using Tersor.Plans;

namespace Tersor.Compression.Budgets.Searches;

/// <summary>Narrows a bracket on the line of plans in which a bit buys the same everywhere (<see cref="SlopeFamily"/>), or whatever line there is; where few tensors make its places coarse, one of the weight of the bits between two of them too.</summary>
public sealed class SlopeSearch : PlanSearch
{
    /// <summary>More plans than the line and its weights of the bits take.</summary>
    internal const int LineTrials = 24;

    private const int FactorsPerOctave = 16;

    /// <inheritdoc/>
    public override string Name => "slope";

    /// <inheritdoc/>
    public override string Description => "close in on one of the plans in which a bit buys the same everywhere; about ten trials";

    /// <inheritdoc/>
    protected override void Explore(SearchRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        FindOnLine(run);
    }

    /// <summary>Finds the best plan of the line, which other searches begin with.</summary>
    /// <returns>The coarsest place that keeps a loss, or the finest that fits a size, as far as trials sufficed; null where none does.</returns>
    internal static int? FindOnLine(SearchRun run)
    {
        PlanSpace space = run.Space;
        if (Bracketing.FindEdge(run, space.Line) is not { } edge) return null;
        if (!space.VariesLambda || space.Groups.Count >= space.Line.PlacesPerOctave) return edge;

        // Steps are quarter octaves, so that neighbouring plans of few tensors are far apart: between them, rates count for more in the finer plan, or for less in the coarser one.
        bool boundsLoss = run.Goal.MostBytes is null;
        Bracketing.Find(0, FactorsPerOctave + 1, index => Try(edge, boundsLoss ? index : -index), run.Goal, 0);
        int coarser = space.Clamp(edge + space.PlacesPerStep);
        if (boundsLoss && coarser > edge) Bracketing.Find(FactorsPerOctave, 0, index => Try(coarser, -index), run.Goal, FactorsPerOctave);
        return edge;

        BudgetTrial? Try(int place, int index)
        {
            CompressionPlan plan = space.At([.. space.Groups.Select(_ => new GroupSetting(place, Math.Pow(2, index / (double)FactorsPerOctave)))]);
            return boundsLoss ? run.Try(plan) : run.TrySize(plan);
        }
    }
}
