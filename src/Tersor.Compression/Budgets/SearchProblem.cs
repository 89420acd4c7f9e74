namespace Tersor.Compression.Budgets;

/// <summary>What a search is given.</summary>
public sealed record SearchProblem
{
    /// <summary>The plans to choose from.</summary>
    public required PlanSpace Space { get; init; }

    /// <summary>What is asked of the plan.</summary>
    public required SearchGoal Goal { get; init; }

    /// <summary>Finds out what plans cost.</summary>
    public required IPlanTrials Trials { get; init; }

    /// <summary>Decides what searches leave to chance: the same seed finds the same plan.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whole plans that are tried at most; null for what is usual for the search.</summary>
    public int? MostTrials { get; init; }

    /// <summary>Where trials are written down, and those of an earlier run are taken from; null for nowhere.</summary>
    public SearchJournal? Journal { get; init; }

    /// <summary>Told what is about to be tried.</summary>
    public IProgress<SearchProgress>? Progress { get; init; }

    /// <summary>Looked at before each trial and during it.</summary>
    public CancellationToken CancellationToken { get; init; }
}

/// <summary>How far a search is.</summary>
/// <param name="Assessed">Trials of single groups of tensors.</param>
/// <param name="ToAssess">How many of those there will be; 0 where the search makes none.</param>
/// <param name="Plans">Whole plans tried.</param>
public readonly record struct SearchProgress(int Assessed, int ToAssess, int Plans);

/// <summary>What a search found.</summary>
public sealed record SearchResult
{
    /// <summary>The best plan that keeps what was asked; null where none of those tried does.</summary>
    public required BudgetTrial? Found { get; init; }

    /// <summary>What came nearest; <see cref="Found"/> where there is one, and null where nothing was tried.</summary>
    public required BudgetTrial? Nearest { get; init; }

    /// <summary>Whole plans, in the order in which they were tried.</summary>
    public required IReadOnlyList<BudgetTrial> Trials { get; init; }

    /// <summary>Trials of single groups of tensors.</summary>
    public required int Assessments { get; init; }

    /// <summary>Trials of either kind that this run made; all others were in the journal.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Wall time of this run.</summary>
    public required TimeSpan Time { get; init; }
}
