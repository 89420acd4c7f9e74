namespace Tersor.Cli.Options;

/// <summary>What a compressed model is written as.</summary>
internal enum CompressedContainer
{
    /// <summary>An ISO/IEC 15938-17 stream.</summary>
    Nnc,

    /// <summary>The smaller of an NNC stream and a Deep Compression file.</summary>
    Smaller,
}
