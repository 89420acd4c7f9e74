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

    /// <summary>What goes with units now.</summary>
    public double SavedBy(IEnumerable<ChannelUnit> units) => Changed(units).Sum(change => (double)_uses[change.Key] * (Elements(_dimensions[change.Key]) - Elements(change.Value)));

    public void Remove(IReadOnlyCollection<ChannelUnit> units)
    {
        Total -= SavedBy(units);
        foreach ((string weight, long[] dimensions) in Changed(units)) _dimensions[weight] = dimensions;
    }

    private Dictionary<string, long[]> Changed(IEnumerable<ChannelUnit> units)
    {
        Dictionary<string, long[]> changed = new(StringComparer.Ordinal);
        foreach (ChannelRecord record in units.SelectMany(unit => unit.Records))
        {
            if (!_dimensions.TryGetValue(record.Parameter, out long[]? dimensions)) continue;
            if (!changed.TryGetValue(record.Parameter, out long[]? smaller)) changed.Add(record.Parameter, smaller = [.. dimensions]);
            smaller[record.Axis]--;
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
