using System.Security.Cryptography;
using System.Text;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>One run of a search: tries plans, none twice, and remembers the best.</summary>
public sealed class SearchRun
{
    private readonly SearchProblem _problem;
    private readonly int _mostTrials;
    private readonly Dictionary<string, BudgetTrial> _known = new(StringComparer.Ordinal);
    private readonly List<BudgetTrial> _trials = [];
    private int _toAssess;

    internal SearchRun(SearchProblem problem, int mostTrials) => (_problem, _mostTrials, Goal) = (problem, mostTrials, problem.Goal);

    private delegate BudgetTrial Attempt(CompressionPlan plan, CancellationToken cancellationToken);

    /// <inheritdoc cref="SearchProblem.Space"/>
    public PlanSpace Space => _problem.Space;

    /// <summary>What is asked of the plan; with an anchor once there is one.</summary>
    public SearchGoal Goal { get; private set; }

    /// <inheritdoc cref="SearchProblem.Seed"/>
    public ulong Seed => _problem.Seed;

    /// <summary>Whole plans, in the order in which they were tried.</summary>
    public IReadOnlyList<BudgetTrial> Trials => _trials;

    /// <summary>Of those tried, the one that serves best; null where nothing was tried.</summary>
    public BudgetTrial? Best { get; private set; }

    /// <summary>Whole plans that may still be tried.</summary>
    internal int TrialsLeft => _mostTrials - _trials.Count;

    /// <summary>Places of the line that were tried on the way to the anchor.</summary>
    internal List<int> AnchorPlaces { get; } = [];

    /// <summary>Trials of single groups of tensors.</summary>
    internal int Assessments { get; private set; }

    /// <summary>Trials that were made, not taken from the journal.</summary>
    internal int Evaluations { get; private set; }

    /// <summary>Tries a plan.</summary>
    /// <returns>Null where no trial is left.</returns>
    public BudgetTrial? Try(CompressionPlan plan) => TryWhole("answers", plan, _problem.Trials.Judge);

    /// <summary>Tries a plan of the space.</summary>
    /// <param name="settings">One per group.</param>
    /// <returns>Null where no trial is left.</returns>
    public BudgetTrial? Try(ReadOnlySpan<GroupSetting> settings) => Try(Space.At(settings));

    /// <summary>Tries a plan for its size alone.</summary>
    /// <returns>Null where no trial is left.</returns>
    public BudgetTrial? TrySize(CompressionPlan plan) => TryWhole("size", plan, _problem.Trials.Measure);

    /// <summary>Assesses every group of tensors alone.</summary>
    public IReadOnlyList<GroupAssessment> Assess()
    {
        _toAssess = SensitivityAssessment.TrialCount(Space);
        return SensitivityAssessment.Run(Space, plan =>
        {
            BudgetTrial trial = Remembered(KeyOf("alone", plan), plan, _problem.Trials.Assess);
            Assessments++;
            return trial;
        });
    }

    /// <summary>Looks on the line for a plan that tells what distances cost, where the goal wants one; half of the trials are left for the search itself.</summary>
    internal void FindAnchor()
    {
        if (!Goal.WantsAnchor) return;
        (int finer, int coarser) = (0, Space.Line.Count);
        while (coarser - finer > 1 && _trials.Count < _mostTrials / 2)
        {
            int middle = (finer + coarser) >> 1;
            if (Try(Space.At(middle)) is not { } trial) return;
            AnchorPlaces.Add(middle);
            switch (SearchGoal.ComparedWithTelling(trial))
            {
                case < 0:
                    finer = middle;
                    break;
                case > 0:
                    coarser = middle;
                    break;
                default:
                    Goal = Goal.AnchoredAt(Remembered(KeyOf("widely", trial.Plan), trial.Plan, _problem.Trials.JudgeWidely));
                    Best = _trials.Aggregate((best, other) => Goal.Compare(other, best) < 0 ? other : best);
                    return;
            }
        }
    }

    private BudgetTrial? TryWhole(string kind, CompressionPlan plan, Attempt attempt)
    {
        string key = KeyOf(kind, plan);
        if (_known.TryGetValue(key, out BudgetTrial? known)) return known;
        if (_trials.Count >= _mostTrials) return null;
        BudgetTrial trial = Remembered(key, plan, attempt);
        _trials.Add(trial);
        if (Best is null || Goal.Compare(trial, Best) < 0) Best = trial;
        return trial;
    }

    private BudgetTrial Remembered(string key, CompressionPlan plan, Attempt attempt)
    {
        if (_known.TryGetValue(key, out BudgetTrial? known)) return known;
        _problem.CancellationToken.ThrowIfCancellationRequested();
        _problem.Progress?.Report(new SearchProgress(Assessments, _toAssess, _trials.Count));
        BudgetTrial? trial = _problem.Journal?.Find(key, plan);
        if (trial is null)
        {
            trial = attempt(plan, _problem.CancellationToken);
            Evaluations++;
            _problem.Journal?.Add(key, trial);
        }

        _known.Add(key, trial);
        return trial;
    }

    private static string KeyOf(string kind, CompressionPlan plan) => kind + " " + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(plan.ToJson())));
}
