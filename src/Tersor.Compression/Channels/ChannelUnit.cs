using Tersor.Models;

namespace Tersor.Compression.Channels;

/// <summary>A neuron or channel with all that can only be removed together with it: every slice of every tensor that makes it, reads it, or is added to it.</summary>
public sealed class ChannelUnit
{
    internal ChannelUnit(int number, IReadOnlyList<ChannelRecord> records)
    {
        Number = number;
        Records = records;
    }

    /// <summary>Unique within its groups, from 0 in the order of the layers.</summary>
    public int Number { get; }

    /// <summary>The units that lie in the same tensors.</summary>
    public ChannelSet Set { get; internal set; } = null!;

    /// <summary>The slices, by tensor, axis and index.</summary>
    public IReadOnlyList<ChannelRecord> Records { get; }

    /// <summary>Such as <c>channel 3 of 'conv1.weight'</c>.</summary>
    public override string ToString()
    {
        int index = Records.FirstOrDefault(record => record.Role == ChannelRole.Output && record.Parameter == Set.Name, Records[0]).Index;
        return FormattableString.Invariant($"channel {index} of '{Set.Name}'");
    }

    /// <summary>The elements of some of the slices, each once though slices cross, as blocks by tensor.</summary>
    /// <param name="shapeOf">Shapes of the tensors.</param>
    /// <param name="takes">Which slices; null for all.</param>
    internal IReadOnlyList<WeightBlock> Blocks(Func<string, TensorShape> shapeOf, Func<ChannelRecord, bool>? takes = null)
    {
        List<WeightBlock> blocks = [];
        foreach (IGrouping<string, ChannelRecord> tensor in Records.Where(takes ?? (_ => true)).GroupBy(record => record.Parameter, StringComparer.Ordinal))
        {
            (int, int[])[] slices = [.. tensor.GroupBy(record => record.Axis).OrderBy(axis => axis.Key).Select(axis => (axis.Key, axis.Select(record => record.Index).Order().ToArray()))];
            blocks.AddRange(WeightBlock.Of(tensor.Key, shapeOf(tensor.Key), slices));
        }

        return blocks;
    }
}
