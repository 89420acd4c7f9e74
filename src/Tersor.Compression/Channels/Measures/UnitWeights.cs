namespace Tersor.Compression.Channels;

/// <summary>The weights of a network, each tensor read once.</summary>
internal sealed class UnitWeights(ChannelGroups groups)
{
    private readonly Dictionary<string, float[]> _values = new(StringComparer.Ordinal);

    public float[] Of(string parameter)
    {
        if (!_values.TryGetValue(parameter, out float[]? values)) _values.Add(parameter, values = groups.Initializer(parameter).ReadSingles());
        return values;
    }

    /// <summary>Whether a slice is of a kernel or matrix, and not of a vector beside it.</summary>
    public bool IsWeight(ChannelRecord record) => record.Role is ChannelRole.Output or ChannelRole.Input && groups.ShapeOf(record.Parameter) is { Rank: > 1 };
}
