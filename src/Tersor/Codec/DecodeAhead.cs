namespace Tersor.Codec;

/// <summary>
/// Decodes the tensors after the one asked for on other threads, for a writer that goes through a model in order. What is decoded and not yet fetched stays
/// within a bound.
/// </summary>
internal sealed class DecodeAhead(IReadOnlyList<long> byteLengths, Func<int, CancellationToken, ReadOnlyMemory<byte>> decode, int threads, long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Task<ReadOnlyMemory<byte>>> _started = [];
    private readonly TaskScheduler _scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler;

    /// <summary>The bytes of a tensor, which are forgotten here.</summary>
    /// <param name="index">Its place.</param>
    /// <param name="cancellationToken">Stops the work that this call starts, ahead too.</param>
    public ReadOnlyMemory<byte> Take(int index, CancellationToken cancellationToken)
    {
        Task<ReadOnlyMemory<byte>> task;
        lock (_lock)
        {
            task = Start(index, cancellationToken);
            _started.Remove(index);
            long ahead = _started.Keys.Sum(started => byteLengths[started]);
            for (int next = index + 1; next < byteLengths.Count && _started.Count < 4 * threads; next++)
            {
                if (_started.ContainsKey(next)) continue;
                ahead += byteLengths[next];
                if (ahead > maxBytes) break;
                _ = Start(next, cancellationToken);
            }
        }

        try
        {
            return task.WaitAsync(cancellationToken).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Whoever had it started has given up since.
            return decode(index, cancellationToken);
        }
    }

    private Task<ReadOnlyMemory<byte>> Start(int index, CancellationToken cancellationToken)
    {
        if (!_started.TryGetValue(index, out Task<ReadOnlyMemory<byte>>? task))
            _started.Add(index, task = Task.Factory.StartNew(() => decode(index, cancellationToken), cancellationToken, TaskCreationOptions.None, _scheduler));
        return task;
    }
}
