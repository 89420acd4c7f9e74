using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>A size that an input of integers states, such as a dimension of <c>Reshape</c> or <c>Resize</c>.</summary>
/// <param name="node">The node.</param>
/// <param name="input">Number of the input of sizes.</param>
/// <param name="sizes">What the input says, with 0 and -1 as they stand.</param>
/// <param name="place">Which of the sizes is the number of channels.</param>
/// <param name="channels">The channels along that dimension.</param>
internal sealed class StatedSizeEdit(OnnxNode node, int input, long[] sizes, int place, int[] channels) : ChannelEdit(node)
{
    public override OnnxNode Apply(OnnxNode node, KeptChannels kept, Func<string, long[], string> addConstant)
    {
        int count = kept.Count(channels);
        if (count == channels.Length) return node;
        long[] changed = [.. sizes];
        changed[place] = count;
        return node.WithInput(input, addConstant($"{node.Outputs[0]}/sizes", changed));
    }
}
