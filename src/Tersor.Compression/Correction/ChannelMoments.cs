namespace Tersor.Compression.Correction;

/// <summary>Mean and variance of the channels of a value inside a network, over samples and places.</summary>
/// <param name="means">One per channel.</param>
/// <param name="variances">Of the population; one per channel.</param>
internal sealed class ChannelMoments(double[] means, double[] variances)
{
    public ReadOnlySpan<double> Means => means;

    public ReadOnlySpan<double> Variances => variances;
}
