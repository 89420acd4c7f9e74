namespace Tersor.Nnc;

/// <summary>Ties a unit to the update before it (NNC implementer's text, section 9.6).</summary>
internal sealed record NncUnitUpdate
{
    /// <summary>Place in the chain: 1 for the first update of a base model.</summary>
    public long Depth { get; init; } = 1;

    /// <summary>Whether contexts are chosen by the levels before.</summary>
    public bool TemporalContexts { get; init; }

    /// <summary>Whether contexts are chosen by where any earlier update was not zero. The reference never does.</summary>
    public bool HistoryContexts { get; init; }

    /// <summary>What each tensor of the unit is coded against, in payload order; needed for either kind of contexts.</summary>
    public IReadOnlyList<ParentLevels> Parents { get; init; } = [];
}
