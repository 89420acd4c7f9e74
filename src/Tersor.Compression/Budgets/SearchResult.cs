namespace Tersor.Compression.Budgets;

/// <summary>What a search found.</summary>
public sealed record SearchResult
{
    /// <summary>What plans were judged by at the end.</summary>
    public required SearchGoal Goal { get; init; }

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
