namespace Tersor.EntropyCoding;

/// <summary>The outcome of <see cref="LevelSyntaxSearch"/>.</summary>
/// <param name="Syntax">The syntax with the chosen number of greater-than flags and scan order.</param>
/// <param name="Coding">Rows and starting points for the levels that were searched.</param>
/// <param name="Bits">What the tensor will cost, estimated, entry points included.</param>
internal readonly record struct LevelSyntaxChoice(LevelSyntax Syntax, LevelCodingChoice Coding, double Bits)
{
    /// <summary>Whether rows of zeros are skipped.</summary>
    public RowSkipping RowSkipping => Coding.SkippedRows.Length > 0 ? RowSkipping.On : RowSkipping.Off;

    /// <summary>Options for coding just these levels without searching again.</summary>
    public LevelEncoderOptions Options => new() { RowSkipping = RowSkipping, SearchesInitialization = true, Choice = Coding };
}
