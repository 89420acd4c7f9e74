using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>How many constant channels are put before and behind the others, as shortcuts of residual networks do.</summary>
/// <param name="node">The node.</param>
/// <param name="pads">All that it states: those before, then those behind.</param>
/// <param name="place">Which of those before is that of the channels.</param>
/// <param name="before">The channels put before.</param>
/// <param name="behind">The channels put behind.</param>
/// <param name="padsAreInput">Whether they are an input, or an attribute.</param>
internal sealed class PadEdit(OnnxNode node, long[] pads, int place, int[] before, int[] behind, bool padsAreInput) : ChannelEdit(node)
{
    public override OnnxNode Apply(OnnxNode node, KeptChannels kept, Func<string, long[], string> addConstant)
    {
        long[] changed = [.. pads];
        changed[place] = kept.Count(before);
        changed[place + (pads.Length / 2)] = kept.Count(behind);
        if (changed.AsSpan().SequenceEqual(pads)) return node;
        return padsAreInput ? node.WithInput(1, addConstant($"{node.Outputs[0]}/pads", changed)) : node.WithAttribute(new OnnxAttribute("pads", changed));
    }
}
