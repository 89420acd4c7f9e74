namespace Tersor.Compression.Channels;

/// <summary>Which channels stay.</summary>
internal sealed class KeptChannels(ChannelIds ids, IReadOnlySet<int> removedClasses)
{
    public bool Keeps(int id) => !removedClasses.Contains(ids.Find(id));

    /// <summary>How many of the channels stay.</summary>
    public int Count(ReadOnlySpan<int> channels)
    {
        int count = 0;
        foreach (int id in channels) count += Keeps(id) ? 1 : 0;
        return count;
    }

    /// <summary>The places of those that stay.</summary>
    public int[] Places(int[] channels) => [.. Enumerable.Range(0, channels.Length).Where(i => Keeps(channels[i]))];
}
