using System.Numerics;

namespace Tersor.Compression.Budgets.Searches;

/// <summary>
/// Looks for the edge of a goal in a family of plans, which are taken to keep it on one side of some place and not on the other. Bytes and distances fall off along a family about evenly in their logarithms:
/// trials go where the line through two of them meets the goal (regula falsi), or to the middle where lines do not get on (compare Dekker 1969).
/// </summary>
internal sealed class Bracketing
{
    // Lines may leave more than half of the bracket so often in a row: the first to come near the edge, the second to step over it.
    private const int SlowLines = 2;

    private readonly Func<int, BudgetTrial?> _attempt;
    private readonly SearchGoal _goal;

    // Just beyond the family, on the side that keeps the goal and on the other.
    private readonly int _before;
    private readonly int _behind;

    // Trials on each side, the last one nearest: place, and by how much it misses what is asked.
    private readonly List<(int Place, double? Excess)> _keeping = [];
    private readonly List<(int Place, double? Excess)> _breaking = [];
    private int _slowLines;

    private Bracketing(int before, int behind, Func<int, BudgetTrial?> attempt, SearchGoal goal) => (_before, _behind, _attempt, _goal) = (before, behind, attempt, goal);

    private int Direction => Math.Sign(_behind - _before);

    private int Kept => _keeping.Count > 0 ? _keeping[^1].Place : _before;

    private int Width => ((_breaking.Count > 0 ? _breaking[^1].Place : _behind) - Kept) * Direction;

    /// <summary>Tries plans towards the edge.</summary>
    /// <returns>The coarsest place that keeps a loss, or the finest that fits a size, as far as trials sufficed; null where none does.</returns>
    public static int? FindEdge(SearchRun run, PlanFamily family)
    {
        bool isLine = ReferenceEquals(family, run.Space.Line);
        bool boundsLoss = run.Goal.MostBytes is null;
        (int first, int end) = boundsLoss ? (0, family.Count) : (family.Count - 1, -1);

        // What was tried before costs nothing; where trials may end before the edge is found, a plan that keeps the goal comes first.
        List<int> begun = isLine && boundsLoss ? [.. run.AnchorPlaces] : [];
        if (run.TrialsLeft < BitOperations.Log2((uint)family.Count) + 2) begun.Add(first);
        return Find(first, end, place => boundsLoss ? run.Try(PlanAt(place)) : run.TrySize(PlanAt(place)), run.Goal, begun);

        // The space remembers the plans of its line.
        Plans.CompressionPlan PlanAt(int place) => isLine ? run.Space.At(place) : family.At(place);
    }

    /// <summary>Tries places towards the edge.</summary>
    /// <param name="first">The place that keeps the goal if any does.</param>
    /// <param name="end">One beyond the last, on the other side of the first.</param>
    /// <param name="attempt">Tries a place; null where no trial is left.</param>
    /// <param name="goal">What is asked.</param>
    /// <param name="begun">Places to begin with.</param>
    /// <returns>The last place that keeps the goal; null where none was found.</returns>
    internal static int? Find(int first, int end, Func<int, BudgetTrial?> attempt, SearchGoal goal, params IReadOnlyList<int> begun)
    {
        Bracketing bracket = new(first - Math.Sign(end - first), end, attempt, goal);
        foreach (int place in begun)
        {
            if (bracket.Holds(place) && !bracket.Try(place)) return bracket.Edge;
        }

        while (bracket.Width > 1 && bracket.TryNext())
        {
        }

        return bracket.Edge;
    }

    private int? Edge => _keeping.Count > 0 ? Kept : null;

    private bool Holds(int place) => (place - Kept) * Direction > 0 && (place - Kept) * Direction < Width;

    private bool Try(int place)
    {
        if (_attempt(place) is not { } trial) return false;
        (_goal.Keeps(trial) ? _keeping : _breaking).Add((place, _goal.LogarithmicExcess(trial)));
        return true;
    }

    private bool TryNext()
    {
        int width = Width;
        double? along = _slowLines < SlowLines ? Interpolated() : null;
        int offset = along is double share ? Math.Clamp((int)(share * width), 1, width - 1) : width / 2;
        if (!Try(Kept + (offset * Direction))) return false;
        _slowLines = along is not null && 2 * Width > width ? _slowLines + 1 : 0;
        return true;
    }

    // Where a line meets the goal, as a share of the way from the side that keeps it to the other; null where two trials make none.
    private double? Interpolated()
    {
        if (_keeping.Count > 0 && _breaking.Count > 0) return Meeting(_keeping[^1], _breaking[^1]);
        List<(int Place, double? Excess)> tried = _keeping.Count > 0 ? _keeping : _breaking;
        return tried.Count > 1 ? Meeting(tried[^2], tried[^1]) : null;
    }

    private double? Meeting((int Place, double? Excess) one, (int Place, double? Excess) other)
    {
        if (one.Excess is not double excess || other.Excess is not double otherExcess) return null;
        double slope = (otherExcess - excess) / (other.Place - one.Place) * Direction;
        return slope > 0 ? Math.Clamp((((one.Place - Kept) * Direction) - (excess / slope)) / Width, 0, 1) : null;
    }
}
