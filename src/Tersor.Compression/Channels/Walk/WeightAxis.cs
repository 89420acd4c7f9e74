namespace Tersor.Compression.Channels;

/// <summary>An axis of an initializer along which channels lie.</summary>
/// <param name="parameter">Name of the initializer.</param>
/// <param name="axis">The axis.</param>
/// <param name="ids">Its channels.</param>
/// <param name="role">By the first operator that reads the tensor.</param>
internal sealed class WeightAxis(string parameter, int axis, int[] ids, ChannelRole role)
{
    public string Parameter => parameter;

    public int Axis => axis;

    public int[] Ids => ids;

    public ChannelRole Role => role;
}
