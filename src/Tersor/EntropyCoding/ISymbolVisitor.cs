namespace Tersor.EntropyCoding;

/// <summary>Sees the symbols of a tensor in the order they are coded in.</summary>
internal interface ISymbolVisitor
{
    /// <summary>The next symbol.</summary>
    /// <param name="symbol">The integer to be binarized.</param>
    /// <param name="path">What the symbols before leave behind.</param>
    /// <param name="position">Index of the element.</param>
    void Visit(int symbol, SymbolPath path, int position);

    /// <summary>Another block row follows.</summary>
    /// <param name="quantizerState">State of the dependent quantizer at the border.</param>
    void EnterBlockRow(int quantizerState);

    /// <summary>From here on only some symbols are shown, each of which stands for several.</summary>
    void EnterSample();
}
