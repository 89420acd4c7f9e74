namespace Tersor.EntropyCoding;

/// <summary>What an encoder is free to choose for a tensor, beside the syntax.</summary>
internal readonly record struct LevelEncoderOptions
{
    /// <summary>Row skipping only where it pays, and contexts initialized by search.</summary>
    public static LevelEncoderOptions Default => new() { SearchesInitialization = true };

    /// <summary>Row skipping.</summary>
    public RowSkipping RowSkipping { get; init; }

    /// <summary>What a search for the syntax has settled already, for these levels under this syntax; else it is settled by the other options.</summary>
    public LevelCodingChoice? Choice { get; init; }

    /// <summary>Whether each context's starting point is chosen by what the tensor's bins cost; else all start at index 0.</summary>
    public bool SearchesInitialization { get; init; }
}
