namespace Tersor.Compression.Budgets.Searches;

/// <summary>
/// Moves one group at a time off the line, coarser or finer, lets all others make up for it along the line, and keeps what is better; first by half octaves, then by less.
/// </summary>
public sealed class CoordinateSearch : PlanSearch
{
    private const int TrialsPerGroup = 16;

    /// <inheritdoc/>
    public override string Name => "coordinate";

    /// <inheritdoc/>
    public override string Description => "around the slope's plan, move one tensor at a time while all others make up for it";

    /// <inheritdoc/>
    protected override int UsualTrials(PlanSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        return SlopeSearch.LineTrials + (TrialsPerGroup * space.Groups.Count);
    }

    /// <inheritdoc/>
    protected override void Explore(SearchRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (SlopeSearch.FindOnLine(run) is not { } edge || run.Try(run.Space.At(edge)) is not { } start) return;
        Descent descent = new(run, edge, start);
        for (int length = Math.Max(run.Space.PlacesPerStep, run.Space.Line.PlacesPerOctave / 2); length >= run.Space.PlacesPerStep; length /= 2)
        {
            bool isBetter;
            do isBetter = descent.Sweep(length);
            while (isBetter);
        }
    }

    private sealed class Descent(SearchRun run, int edge, BudgetTrial start)
    {
        private readonly int[] _offsets = new int[run.Space.Groups.Count];
        private int _place = edge;
        private BudgetTrial _best = start;

        public bool Sweep(int length)
        {
            bool isBetter = false;
            for (int group = 0; group < _offsets.Length; group++) isBetter |= Move(group, length) || Move(group, -length);
            return isBetter;
        }

        private bool Move(int group, int length)
        {
            int before = _offsets[group];
            _offsets[group] += length;
            if (Settle()) return true;
            _offsets[group] = before;
            return false;
        }

        // Goes along the line to where the goal is just kept, as long as that can still become better than the best.
        private bool Settle()
        {
            int step = Math.Max(1, run.Space.PlacesPerStep / 2);
            int towardsKeeping = run.Goal.MostBytes is null ? -step : step;
            int place = _place;
            BudgetTrial? trial = TryAt(place);
            while (trial is not null && !run.Goal.Keeps(trial))
            {
                if (run.Goal.Objective(trial) >= run.Goal.Objective(_best) || run.Space.Clamp(place + towardsKeeping) != place + towardsKeeping) return false;
                trial = TryAt(place += towardsKeeping);
            }

            if (trial is null || run.Goal.Compare(trial, _best) >= 0) return false;
            while (TryAt(place - towardsKeeping) is { } further && run.Goal.Compare(further, trial) < 0) (place, trial) = (place - towardsKeeping, further);
            (_place, _best) = (place, trial);
            return true;
        }

        private BudgetTrial? TryAt(int place) => run.Try([.. _offsets.Select(offset => new GroupSetting(run.Space.Clamp(place + offset)))]);
    }
}
