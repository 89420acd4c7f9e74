namespace Tersor.Codec;

/// <summary>
/// Decodes the tensors after the one asked for on other threads, for a writer that goes through a model in order. What is decoded and not yet fetched stays
/// within a bound.
/// </summary>
internal sealed class DecodeAhead(IReadOnlyList<long> byteLengths, Func<int, ReadOnlyMemory<byte>> decode, int threads, long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Task<ReadOnlyMemory<byte>>> _started = [];
    private readonly TaskScheduler _scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler;

    /// <summary>The bytes of a tensor, which are forgotten here.</summary>
    public ReadOnlyMemory<byte> Take(int index)
    {
        Task<ReadOnlyMemory<byte>> task;
        lock (_lock)
        {
            task = Start(index);
            _started.Remove(index);
            long ahead = _started.Keys.Sum(started => byteLengths[started]);
            for (int next = index + 1; next < byteLengths.Count && _started.Count < 4 * threads; next++)
            {
                if (_started.ContainsKey(next)) continue;
                ahead += byteLengths[next];
                if (ahead > maxBytes) break;
                _ = Start(next);
            }
        }

        return task.GetAwaiter().GetResult();
    }

    private Task<ReadOnlyMemory<byte>> Start(int index)
    {
        if (!_started.TryGetValue(index, out Task<ReadOnlyMemory<byte>>? task))
            _started.Add(index, task = Task.Factory.StartNew(() => decode(index), CancellationToken.None, TaskCreationOptions.None, _scheduler));
        return task;
    }
}
