using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Where a slice of channels begins and ends.</summary>
/// <param name="node">The node.</param>
/// <param name="starts">All starts that it states.</param>
/// <param name="ends">All ends.</param>
/// <param name="place">Which of them are those of the channels.</param>
/// <param name="before">The channels before the slice.</param>
/// <param name="within">The channels of the slice.</param>
/// <param name="boundsAreInputs">Whether they are inputs, or attributes.</param>
internal sealed class SliceEdit(OnnxNode node, long[] starts, long[] ends, int place, int[] before, int[] within, bool boundsAreInputs) : ChannelEdit(node)
{
    public override OnnxNode Apply(OnnxNode node, KeptChannels kept, Func<string, long[], string> addConstant)
    {
        long start = kept.Count(before);
        long end = start + kept.Count(within);
        if (end == before.Length + within.Length) return node;
        long[] newStarts = [.. starts];
        long[] newEnds = [.. ends];
        (newStarts[place], newEnds[place]) = (start, end);
        return boundsAreInputs
            ? node.WithInput(1, addConstant($"{node.Outputs[0]}/starts", newStarts)).WithInput(2, addConstant($"{node.Outputs[0]}/ends", newEnds))
            : node.WithAttribute(new OnnxAttribute("starts", newStarts)).WithAttribute(new OnnxAttribute("ends", newEnds));
    }
}
