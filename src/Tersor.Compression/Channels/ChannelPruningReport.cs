namespace Tersor.Compression.Channels;

/// <summary>What removing channels changed.</summary>
public sealed class ChannelPruningReport
{
    /// <summary>The convolutions and products, in the order of computation.</summary>
    public required IReadOnlyList<PrunedLayer> Layers { get; init; }

    /// <summary>Elements of the weights, statistics included.</summary>
    public required long ParametersBefore { get; init; }

    /// <summary>Elements of the weights that are left.</summary>
    public required long ParametersAfter { get; init; }

    /// <summary>Multiply-adds for one sample (or the batch that the network fixes).</summary>
    public required long MultiplyAddsBefore { get; init; }

    /// <summary>Multiply-adds that are left.</summary>
    public required long MultiplyAddsAfter { get; init; }

    /// <summary>Removed channels whose constant output other than zero was added to biases.</summary>
    public required int CompensatedChannels { get; init; }

    /// <summary>What a user should know, a line each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>The channels of one layer.</summary>
/// <param name="Weight">Name of its weight.</param>
/// <param name="ChannelsBefore">Output channels, or neurons.</param>
/// <param name="ChannelsAfter">Those that are left.</param>
public sealed record PrunedLayer(string Weight, int ChannelsBefore, int ChannelsAfter);
