namespace Tersor.Codec;

/// <summary>
/// Runs items on several threads and hands the results over in order, with a bound on the bytes that items in flight may hold: the memory needed follows the
/// largest items, not their sum.
/// </summary>
internal static class OrderedWork
{
    /// <summary>Bytes in flight beyond which no further item is started while another runs.</summary>
    public const long DefaultMaxBytesInFlight = 256L << 20;

    /// <summary>
    /// So many threads for items and, as long as there are fewer items at work than threads, for loops inside them: those take turns on one scheduler.
    /// </summary>
    public static ParallelOptions OnThreads(int threads, CancellationToken cancellationToken) => new()
    {
        MaxDegreeOfParallelism = Math.Max(1, threads),
        CancellationToken = cancellationToken,
        TaskScheduler = threads <= 1 ? TaskScheduler.Default : new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler,
    };

    /// <summary>Runs <paramref name="work"/> for 0..count-1 and <paramref name="deliver"/> with each result, in order, on the calling thread.</summary>
    /// <param name="count">Number of items.</param>
    /// <param name="parallel">From <see cref="OnThreads"/>.</param>
    /// <param name="bytesOf">What an item holds while it is at work.</param>
    /// <param name="work">Makes the result of an item, on any thread.</param>
    /// <param name="deliver">Takes the results.</param>
    /// <param name="maxBytesInFlight">No item is started beyond this many bytes, but one alone.</param>
    public static void Run<T>(
        int count, ParallelOptions parallel, Func<int, long> bytesOf, Func<int, T> work, Action<int, T> deliver, long maxBytesInFlight = DefaultMaxBytesInFlight)
    {
        int threads = parallel.MaxDegreeOfParallelism;
        CancellationToken cancellationToken = parallel.CancellationToken;
        if (threads <= 1)
        {
            for (int index = 0; index < count; index++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                deliver(index, work(index));
            }

            return;
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Queue<(int Index, long Bytes, Task<T> Task)> window = new();
        long inFlight = 0;
        try
        {
            for (int next = 0; next < count || window.Count > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool isFull = window.Count > 0 && (window.Count >= 16 * threads || inFlight + (next < count ? bytesOf(next) : 0) > maxBytesInFlight);
                if (next < count && !isFull)
                {
                    int index = next++;
                    long bytes = bytesOf(index);
                    inFlight += bytes;
                    window.Enqueue((index, bytes, Task.Factory.StartNew(() => work(index), stop.Token, TaskCreationOptions.None, parallel.TaskScheduler!)));
                    continue;
                }

                (int done, long freed, Task<T> task) = window.Dequeue();
                deliver(done, task.GetAwaiter().GetResult());
                inFlight -= freed;
            }
        }
        finally
        {
            // After an error the rest is called off, and waited for: nothing may touch the source once the caller closes it.
            if (window.Count > 0)
            {
                stop.Cancel();
                Task.WhenAll(window.Select(entry => (Task)entry.Task)).ContinueWith(
                    static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Wait(CancellationToken.None);
            }
        }
    }
}
