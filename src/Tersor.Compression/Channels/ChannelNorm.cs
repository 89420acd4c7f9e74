namespace Tersor.Compression.Channels;

/// <summary>How large a slice of weights is.</summary>
public enum ChannelNorm
{
    /// <summary>The sum of magnitudes (Li et al. 2017).</summary>
    L1,

    /// <summary>The root of the sum of squares.</summary>
    L2,
}
