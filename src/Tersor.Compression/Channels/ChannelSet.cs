namespace Tersor.Compression.Channels;

/// <summary>The channels of a layer, or of several that residual sums tie together: units that lie in the same tensors, so that they can be compared. At least one stays.</summary>
public sealed class ChannelSet
{
    internal ChannelSet(string name, IReadOnlyList<string> weights, IReadOnlyList<ChannelUnit> units)
    {
        (Name, Weights, Units) = (name, weights, units);
        foreach (ChannelUnit unit in units) unit.Set = this;
    }

    /// <summary>The first weight that makes the channels.</summary>
    public string Name { get; }

    /// <summary>All weights that make the channels, in the order of computation.</summary>
    public IReadOnlyList<string> Weights { get; }

    /// <summary>The units, by their place in the first weight.</summary>
    public IReadOnlyList<ChannelUnit> Units { get; }

    /// <summary>Name and number of channels.</summary>
    public override string ToString() => FormattableString.Invariant($"'{Name}' with {Units.Count} channels");
}
