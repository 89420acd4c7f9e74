using System.Numerics.Tensors;

namespace Tersor.Engine.Kernels;

/// <summary>Sums over images and places per channel: the gradient of a bias.</summary>
internal static class ChannelSums
{
    /// <summary>Sums values of N x C x <paramref name="places"/> into C sums.</summary>
    public static void Compute(ReadOnlySpan<float> values, int channels, int places, Span<float> sums)
    {
        sums.Clear();
        for (int at = 0, channel = 0; at < values.Length; at += places)
        {
            sums[channel] += TensorPrimitives.Sum(values.Slice(at, places));
            if (++channel == channels) channel = 0;
        }
    }

    /// <summary>Adds one value per channel to values of N x C x <paramref name="places"/>.</summary>
    public static void Add(ReadOnlySpan<float> channelValues, int places, Span<float> values)
    {
        for (int at = 0, channel = 0; at < values.Length; at += places)
        {
            Span<float> plane = values.Slice(at, places);
            TensorPrimitives.Add(plane, channelValues[channel], plane);
            if (++channel == channelValues.Length) channel = 0;
        }
    }
}
