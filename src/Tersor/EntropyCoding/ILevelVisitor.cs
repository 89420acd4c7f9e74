namespace Tersor.EntropyCoding;

/// <summary>Sees the levels of a tensor in the order they are coded in.</summary>
internal interface ILevelVisitor
{
    /// <summary>Levels that follow each other in memory and in coding.</summary>
    /// <param name="levels">At least one.</param>
    /// <param name="start">Index of the first.</param>
    /// <param name="path">What the symbols before leave behind; to be brought up to date.</param>
    void Visit(ReadOnlySpan<int> levels, int start, ref SymbolPath path);

    /// <summary>Another block row follows.</summary>
    /// <param name="quantizerState">State of the dependent quantizer at the border.</param>
    void EnterBlockRow(int quantizerState);

    /// <summary>From here on only some levels are shown, each of which stands for several.</summary>
    void EnterSample();
}
