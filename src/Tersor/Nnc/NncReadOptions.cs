namespace Tersor.Nnc;

/// <summary>Limits for reading NNC streams that come from anywhere.</summary>
public sealed record NncReadOptions
{
    /// <summary>The default limits.</summary>
    public static NncReadOptions Default { get; } = new();

    /// <summary>Largest topology, inflated, that is read into memory.</summary>
    public long MaxTopologyBytes { get; init; } = 1L << 30;

    /// <summary>
    /// Most elements of a unit that may come without any coded bit: zeros of skipped rows and of codebooks with one entry. A few bytes can stand for
    /// any number of those. All other elements are paid for by the file: a byte holds at most 1024.
    /// </summary>
    public long MaxUncodedElements { get; init; } = 1L << 26;
}
