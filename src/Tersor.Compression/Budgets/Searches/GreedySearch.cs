namespace Tersor.Compression.Budgets.Searches;

/// <summary>
/// Starts finer than the edge of the line and takes, again and again, the move of one group that costs the least distance for each byte it saves. A price is asked for anew only
/// when it is the least (Minoux 1978). Moves that break a bound on the loss are halved until they are too small.
/// </summary>
public sealed class GreedySearch : PlanSearch
{
    private const int TrialsPerGroup = 12;

    /// <inheritdoc/>
    public override string Name => "greedy";

    /// <inheritdoc/>
    public override string Description => "from a finer plan, coarsen the tensor that costs least per byte saved, again and again";

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
        if (SlopeSearch.FindOnLine(run) is not { } edge) return;
        int octave = run.Space.Line.PlacesPerOctave;
        GroupSetting[] settings = [.. run.Space.Groups.Select(_ => new GroupSetting(run.Space.Clamp(edge - octave)))];
        if (run.Try(settings) is { } start) new Descent(run, settings, start).Run();
    }

    private sealed class Descent(SearchRun run, GroupSetting[] settings, BudgetTrial start)
    {
        private readonly PriorityQueue<Move, (double Price, int Group)> _moves = new();
        private readonly int[] _lengths = [.. settings.Select(_ => Math.Max(run.Space.PlacesPerStep, run.Space.Line.PlacesPerOctave / 2))];
        private BudgetTrial _here = start;
        private int _round;

        private bool BoundsLoss => run.Goal.MostBytes is null;

        public void Run()
        {
            for (int group = 0; group < settings.Length; group++) Price(group);
            while (_moves.TryDequeue(out Move? move, out _))
            {
                if (move.Round == _round)
                {
                    (settings[move.Group], _here) = (move.To, move.Trial);
                    _round++;
                    if (!BoundsLoss && run.Goal.Keeps(_here)) return;
                }

                Price(move.Group);
            }
        }

        // Asks what the next move of a group costs; none is left where it breaks the bound however short it is, saves nothing, or trials are over.
        private void Price(int group)
        {
            for (; _lengths[group] >= run.Space.PlacesPerStep; _lengths[group] /= 2)
            {
                GroupSetting now = settings[group];
                GroupSetting to = now with { Place = run.Space.Clamp(now.Place + _lengths[group]) };
                settings[group] = to;
                BudgetTrial? trial = run.Try(settings);
                settings[group] = now;
                if (trial is null || trial.Bytes >= _here.Bytes) return;
                if (BoundsLoss && !run.Goal.Keeps(trial)) continue;
                double price = Math.Max(0, trial.Change!.Distance - _here.Change!.Distance) / (_here.Bytes - trial.Bytes);
                _moves.Enqueue(new Move(group, to, trial, _round), (price, group));
                return;
            }
        }
    }

    private sealed record Move(int Group, GroupSetting To, BudgetTrial Trial, int Round);
}
