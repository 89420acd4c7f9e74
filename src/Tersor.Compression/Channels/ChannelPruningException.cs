namespace Tersor.Compression.Channels;

/// <summary>The channels asked for cannot be removed. Names the layer, and what to ask for instead.</summary>
public sealed class ChannelPruningException : Exception
{
    /// <summary>One line.</summary>
    public ChannelPruningException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
