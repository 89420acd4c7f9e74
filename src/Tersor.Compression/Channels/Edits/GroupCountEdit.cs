using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>A depthwise convolution has as many groups as channels.</summary>
internal sealed class GroupCountEdit(OnnxNode node, int[] groups) : ChannelEdit(node)
{
    public override OnnxNode Apply(OnnxNode node, KeptChannels kept, Func<string, long[], string> addConstant) =>
        kept.Count(groups) is int count && count < groups.Length ? node.WithAttribute(new OnnxAttribute("group", count)) : node;
}
