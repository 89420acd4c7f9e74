using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>The lengths of the parts into which channels are split.</summary>
internal sealed class SplitEdit(OnnxNode node, IReadOnlyList<int[]> parts, bool lengthsAreInput) : ChannelEdit(node)
{
    public override OnnxNode Apply(OnnxNode node, KeptChannels kept, Func<string, long[], string> addConstant)
    {
        long[] lengths = [.. parts.Select(part => (long)kept.Count(part))];
        if (!lengths.Where((length, i) => length != parts[i].Length).Any()) return node;
        return lengthsAreInput
            ? node.WithoutAttribute("num_outputs").WithInput(1, addConstant($"{node.Outputs[0]}/lengths", lengths))
            : node.WithAttribute(new OnnxAttribute("split", lengths));
    }
}
