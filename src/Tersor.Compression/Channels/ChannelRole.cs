namespace Tersor.Compression.Channels;

/// <summary>What a tensor holds along an axis of channels.</summary>
public enum ChannelRole
{
    /// <summary>A weight that makes the channels: a filter, a neuron, an entry of an embedding.</summary>
    Output,

    /// <summary>A weight that reads the channels.</summary>
    Input,

    /// <summary>The scale of a batch normalization.</summary>
    Scale,

    /// <summary>Anything else with a number per channel: biases, statistics, slopes, factors.</summary>
    Vector,
}
