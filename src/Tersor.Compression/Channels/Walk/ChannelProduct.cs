namespace Tersor.Compression.Channels;

/// <summary>A convolution or matrix product with a constant weight.</summary>
/// <param name="weight">Name of the initializer.</param>
/// <param name="made">The channels that it makes.</param>
/// <param name="uses">Multiply-adds of one element of the weight for one sample.</param>
internal sealed class ChannelProduct(string weight, int[] made, long uses)
{
    public string Weight => weight;

    public int[] Made => made;

    public long Uses => uses;
}
