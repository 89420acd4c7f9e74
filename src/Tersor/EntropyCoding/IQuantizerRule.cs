namespace Tersor.EntropyCoding;

/// <summary>How symbols and levels hang together; a type argument, so that loops over symbols are compiled for each.</summary>
internal interface IQuantizerRule
{
    /// <summary>Whether levels follow the 8-state dependent quantizer; else level and symbol are the same.</summary>
    static abstract bool IsDependent { get; }
}

/// <summary>Levels are symbols.</summary>
internal readonly struct UniformRule : IQuantizerRule
{
    /// <inheritdoc/>
    public static bool IsDependent => false;
}

/// <summary>Levels follow the 8-state dependent quantizer.</summary>
internal readonly struct DependentRule : IQuantizerRule
{
    /// <inheritdoc/>
    public static bool IsDependent => true;
}
