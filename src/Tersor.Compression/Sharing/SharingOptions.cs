using Tersor.Quantization;

namespace Tersor.Compression.Sharing;

/// <summary>How the weights of a tensor come to share values.</summary>
public sealed record SharingOptions
{
    /// <summary>Distinct values that are left of those that are not zero, at least 1. Published: 256 for convolutions, 32 for matrices.</summary>
    public int Clusters { get; init; } = 32;

    /// <summary>Where k-means starts.</summary>
    public CentroidInitialization Initialization { get; init; } = CentroidInitialization.Linear;

    /// <summary>For <see cref="CentroidInitialization.Random"/>.</summary>
    public ulong Seed { get; init; }
}
