using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>What must be said anew in a node when channels go: numbers of groups, sizes and bounds that a file states.</summary>
/// <param name="node">The node.</param>
internal abstract class ChannelEdit(OnnxNode node)
{
    public OnnxNode Node => node;

    /// <summary>The node for the channels that stay.</summary>
    /// <param name="node">The node as it is, other edits applied.</param>
    /// <param name="kept">The channels that stay.</param>
    /// <param name="addConstant">Adds 64-bit integers as an initializer with a name like the one given, and gives back its name.</param>
    public abstract OnnxNode Apply(OnnxNode node, KeptChannels kept, Func<string, long[], string> addConstant);
}
