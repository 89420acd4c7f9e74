namespace Tersor.EntropyCoding;

/// <summary>What <see cref="LevelSyntaxSearch"/> may change of a syntax.</summary>
internal readonly record struct LevelSyntaxFreedom
{
    /// <summary>Whether the number of greater-than flags may be chosen; else it stays.</summary>
    public bool GreaterFlagCount { get; init; }

    /// <summary>
    /// The largest scan order that may be chosen; 0: the scan order stays. With dependent quantization levels are made for one scan order, and it stays too.
    /// </summary>
    public int LargestScanOrder { get; init; }

    /// <summary>What may be done about rows of zeros.</summary>
    public RowSkipping RowSkipping { get; init; }
}
