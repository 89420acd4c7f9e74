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
