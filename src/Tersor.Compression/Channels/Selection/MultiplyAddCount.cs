using System.Runtime.InteropServices;

namespace Tersor.Compression.Channels;

/// <summary>The multiply-adds of a network's convolutions and products for one sample, while units go.</summary>
internal sealed class MultiplyAddCount
{
    private readonly Dictionary<string, long> _uses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]> _dimensions = new(StringComparer.Ordinal);

    public MultiplyAddCount(ChannelGroups groups)
    {
        foreach (ChannelProduct product in groups.Walk.Products)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_uses, product.Weight, out _) += product.Uses;
            _dimensions[product.Weight] = groups.ShapeOf(product.Weight).Dimensions.ToArray();
        }

        Total = _uses.Sum(weight => (double)weight.Value * Elements(_dimensions[weight.Key]));
    }

    public double Total { get; private set; }

    /// <summary>What goes with a unit now.</summary>
    public double SavedBy(ChannelUnit unit) => Changed(unit).Sum(change => (double)_uses[change.Weight] * (Elements(_dimensions[change.Weight]) - Elements(change.Dimensions)));

    public void Remove(ChannelUnit unit)
    {
        Total -= SavedBy(unit);
        foreach ((string weight, long[] dimensions) in Changed(unit)) _dimensions[weight] = dimensions;
    }

    private List<(string Weight, long[] Dimensions)> Changed(ChannelUnit unit)
    {
        List<(string Weight, long[] Dimensions)> changed = [];
        foreach (ChannelRecord record in unit.Records)
        {
            if (!_dimensions.TryGetValue(record.Parameter, out long[]? dimensions)) continue;
            if (changed.Count == 0 || changed[^1].Weight != record.Parameter) changed.Add((record.Parameter, [.. dimensions]));
            changed[^1].Dimensions[record.Axis]--;
        }

        return changed;
    }

    private static double Elements(long[] dimensions)
    {
        double count = 1;
        foreach (long dimension in dimensions) count *= dimension;
        return count;
    }
}
