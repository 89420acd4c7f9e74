namespace Tersor.Compression.Channels;

/// <summary>The channels that lie along one axis of a value, an id for each place. A value without labels has channels that must stay.</summary>
internal sealed class ChannelLabels(int axis, int[] ids)
{
    public int Axis => axis;

    public int[] Ids => ids;
}
