namespace Tersor.EntropyCoding;

/// <summary>What becomes of the bins of a tensor: they are written, or collected to be priced.</summary>
internal interface IBinSink
{
    /// <summary>A bin with an adaptive context.</summary>
    /// <param name="context">Position in <see cref="ContextLayout"/>.</param>
    /// <param name="bin">0 or 1.</param>
    void Bin(int context, int bin);

    /// <summary>A number sent as bypass bins.</summary>
    void Bypass(uint value, int bitCount);

    /// <summary>Another block row follows: the contexts go back to their starting points and the range to 256.</summary>
    /// <param name="quantizerState">State of the dependent quantizer at the border.</param>
    void EnterBlockRow(int quantizerState);

    /// <summary>From here on only some bins come, each of which stands for several.</summary>
    void EnterSample();
}
