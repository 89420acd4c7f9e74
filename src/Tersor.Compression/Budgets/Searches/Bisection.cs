namespace Tersor.Compression.Budgets.Searches;

/// <summary>Looks for the edge of a goal in a family of plans, which are taken to keep it on one side of some place and not on the other.</summary>
internal static class Bisection
{
    /// <summary>Tries plans towards the edge.</summary>
    /// <returns>The coarsest place that keeps a loss, or the finest that fits a size, as far as trials sufficed; null where none does.</returns>
    public static int? FindEdge(SearchRun run, PlanFamily family) => run.Goal.MostBytes is null
        ? Find(0, family.Count, place => run.Try(PlanAt(run, family, place)), run.Goal)
        : Find(family.Count - 1, -1, place => run.TrySize(PlanAt(run, family, place)), run.Goal);

    // The first place must keep the goal; the other is one beyond the last.
    internal static int? Find(int kept, int broken, Func<int, BudgetTrial?> attempt, SearchGoal goal)
    {
        if (attempt(kept) is not { } first || !goal.Keeps(first)) return null;
        while (Math.Abs(broken - kept) > 1)
        {
            int middle = (kept + broken) >> 1;
            if (attempt(middle) is not { } trial) break;
            if (goal.Keeps(trial)) kept = middle;
            else broken = middle;
        }

        return kept;
    }

    // The space remembers the plans of its line.
    private static Plans.CompressionPlan PlanAt(SearchRun run, PlanFamily family, int place) => ReferenceEquals(family, run.Space.Line) ? run.Space.At(place) : family.At(place);
}
