using System.Diagnostics.CodeAnalysis;

namespace Tersor.Quantization;

/// <summary>
/// Collects distinct integers up to a limit, in an ordered array that newcomers are merged into by the batch: no input makes it slow, as chosen keys could
/// a hash table.
/// </summary>
internal sealed class DistinctKeys(int limit)
{
    private readonly int[] _pending = new int[Math.Min(limit + 1, 2048)];
    private int[] _known = [];
    private int _pendingCount;

    /// <summary>Takes in a key.</summary>
    /// <returns>False where there are more than the limit.</returns>
    public bool TryAdd(int key)
    {
        if (_known.AsSpan().BinarySearch(key) >= 0) return true;
        _pending[_pendingCount++] = key;
        return _pendingCount < _pending.Length || TryMerge();
    }

    /// <summary>All keys taken in, increasing.</summary>
    /// <returns>False where there are more than the limit.</returns>
    public bool TryFinish([NotNullWhen(true)] out int[]? keys)
    {
        keys = TryMerge() ? _known : null;
        return keys is not null;
    }

    private bool TryMerge()
    {
        Span<int> pending = _pending.AsSpan(0, _pendingCount);
        pending.Sort();
        int[] merged = new int[_known.Length + pending.Length];
        int count = 0;
        int i = 0;
        for (int j = 0; i < _known.Length || j < pending.Length;)
        {
            int key = j == pending.Length || (i < _known.Length && _known[i] < pending[j]) ? _known[i++] : pending[j++];
            if (count == 0 || merged[count - 1] != key) merged[count++] = key;
        }

        _pendingCount = 0;
        _known = merged[..count];
        return count <= limit;
    }
}
