namespace Tersor.Compression.Channels;

/// <summary>Classes of channels that can only be removed together (union-find). A class may be frozen: its channels stay, and it knows why.</summary>
internal sealed class ChannelIds
{
    private readonly List<int> _parents = [];
    private readonly Dictionary<int, string> _reasons = [];

    /// <summary>New channels, each a class of its own.</summary>
    public int[] Add(long count)
    {
        int first = _parents.Count;
        int[] ids = [.. Enumerable.Range(first, checked((int)count))];
        _parents.AddRange(ids);
        return ids;
    }

    /// <summary>The class of a channel: its lowest id, whatever the order of unions.</summary>
    public int Find(int id)
    {
        while (_parents[id] != id) id = _parents[id] = _parents[_parents[id]];
        return id;
    }

    public void Unite(int left, int right)
    {
        (left, right) = (Find(left), Find(right));
        if (left == right) return;
        (int root, int child) = left < right ? (left, right) : (right, left);
        _parents[child] = root;
        if (_reasons.Remove(child, out string? reason)) _reasons.TryAdd(root, reason);
    }

    public void Unite(ReadOnlySpan<int> left, ReadOnlySpan<int> right)
    {
        for (int i = 0; i < left.Length; i++) Unite(left[i], right[i]);
    }

    /// <summary>Keeps channels for good.</summary>
    public void Freeze(ReadOnlySpan<int> ids, string reason)
    {
        foreach (int id in ids) _reasons.TryAdd(Find(id), reason);
    }

    /// <summary>Why a channel must stay; null where it may go.</summary>
    public string? ReasonToStay(int id) => _reasons.GetValueOrDefault(Find(id));
}
