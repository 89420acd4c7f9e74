namespace Tersor.Codec;

/// <summary>
/// Arrays that tensors are decoded to, used again for others of about the same size once they have been written. Without this, a large model leaves arrays of
/// its whole size to the garbage collector, which takes its time. Safe from several threads.
/// </summary>
/// <param name="maxIdleBytes">Most bytes kept for later.</param>
internal sealed class DecodeBuffers(long maxIdleBytes)
{
    // Below this the collector is quick by itself.
    private const int SmallestKept = 1 << 16;

    private readonly Lock _lock = new();
    private readonly List<byte[]> _idle = [];
    private long _idleBytes;

    /// <summary>An array of at least this many bytes, at most a quarter more; with whatever it held before.</summary>
    public byte[] Rent(int length)
    {
        lock (_lock)
        {
            int best = -1;
            for (int i = 0; i < _idle.Count; i++)
            {
                bool fits = _idle[i].Length >= length && _idle[i].Length - length <= length / 4;
                if (fits && (best < 0 || _idle[i].Length < _idle[best].Length)) best = i;
            }

            if (best >= 0) return Take(best);
        }

        return GC.AllocateUninitializedArray<byte>(length);
    }

    /// <summary>Takes back an array that nobody reads any more. The ones that waited longest make room.</summary>
    public void Return(byte[] buffer)
    {
        if (buffer.Length < SmallestKept || buffer.Length > maxIdleBytes) return;
        lock (_lock)
        {
            while (_idleBytes + buffer.Length > maxIdleBytes) Take(0);
            _idle.Add(buffer);
            _idleBytes += buffer.Length;
        }
    }

    private byte[] Take(int index)
    {
        byte[] buffer = _idle[index];
        _idle.RemoveAt(index);
        _idleBytes -= buffer.Length;
        return buffer;
    }
}
