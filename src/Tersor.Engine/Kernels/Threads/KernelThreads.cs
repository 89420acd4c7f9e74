using System.Runtime.ExceptionServices;

namespace Tersor.Engine.Kernels;

/// <summary>
/// The threads that kernels run on, with the scratch buffers that they keep: a fork-join of numbered tasks over the calling
/// thread and <see cref="Count"/> - 1 workers that live as long as this object.
/// </summary>
/// <remarks>
/// Results never depend on the number of threads: tasks write disjoint parts of the output and their work does not depend on
/// who runs them. Starting work allocates nothing. One caller at a time: an object is owned by one run of a graph.
/// </remarks>
public sealed unsafe class KernelThreads : IDisposable
{
    /// <summary>More threads than this are refused: no machine that this engine is for has them.</summary>
    public const int MaxCount = 256;

    private const int SpinsBeforeSleep = 64;
    private const int PausesPerSpin = 16;
    private const int Closed = -1;

    private readonly Thread[] _workers;
    private readonly KernelScratch[] _scratch;
    private readonly SemaphoreSlim _wake = new(0);

    // The upper half numbers the job, the lower half is the next task: a worker that comes late cannot take a task of a job
    // that it has not read.
    private long _ticket;
    private delegate*<void*, int, KernelScratch, void> _execute;
    private void* _job;
    private int _tasks;
    private int _completed;
    private int _sleeping;
    private int _busy;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts the workers.</summary>
    /// <param name="count">Threads that work, the caller included: 1 to <see cref="MaxCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is out of that range.</exception>
    public KernelThreads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        _scratch = new KernelScratch[count];
        for (int i = 0; i < count; i++)
        {
            _scratch[i] = new KernelScratch();
        }

        _workers = new Thread[count - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            KernelScratch scratch = _scratch[i + 1];
            _workers[i] = new Thread(() => Work(scratch)) { IsBackground = true, Name = "Tersor kernels" };
            _workers[i].Start();
        }
    }

    /// <summary>Threads that work, the caller included.</summary>
    public int Count => _scratch.Length;

    /// <summary>Buffers of the calling thread.</summary>
    internal KernelScratch CallerScratch => _scratch[0];

    /// <summary>Ends the workers and waits for them.</summary>
    /// <exception cref="InvalidOperationException">Work is under way.</exception>
    public void Dispose()
    {
        switch (Interlocked.CompareExchange(ref _busy, Closed, 0))
        {
            case Closed:
                return;
            case not 0:
                throw new InvalidOperationException("These kernel threads are at work; end it before they are disposed of.");
        }

        if (_workers.Length > 0)
        {
            _wake.Release(_workers.Length);
            foreach (Thread worker in _workers)
            {
                worker.Join();
            }
        }

        _wake.Dispose();
    }

    /// <summary>Runs tasks 0 to <paramref name="tasks"/> - 1 of a job and returns when all are done.</summary>
    /// <exception cref="InvalidOperationException">Other work is under way on this object.</exception>
    /// <exception cref="ObjectDisposedException">The workers have ended.</exception>
    internal void Run<TJob>(int tasks, ref TJob job)
        where TJob : unmanaged, IKernelJob
    {
        int state = Interlocked.CompareExchange(ref _busy, 1, 0);
        ObjectDisposedException.ThrowIf(state == Closed, this);
        if (state != 0)
        {
            throw new InvalidOperationException("These kernel threads are at work for another caller. Give each concurrent run its own.");
        }

        try
        {
            fixed (TJob* pointer = &job)
            {
                if (tasks <= 1 || _workers.Length == 0)
                {
                    for (int task = 0; task < tasks; task++)
                    {
                        pointer->Execute(task, _scratch[0]);
                    }
                }
                else
                {
                    Fork(tasks, pointer, &Invoke<TJob>);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private static void Invoke<TJob>(void* job, int task, KernelScratch scratch)
        where TJob : unmanaged, IKernelJob => ((TJob*)job)->Execute(task, scratch);

    private void Fork(int tasks, void* job, delegate*<void*, int, KernelScratch, void> execute)
    {
        // A ticket without tasks first: a worker that still holds the last one must not read the fields while they change.
        long number = _ticket >> 32;
        Interlocked.Exchange(ref _ticket, ((number + 1) << 32) | int.MaxValue);
        _execute = execute;
        _job = job;
        _tasks = tasks;
        _failure = null;
        Volatile.Write(ref _completed, 0);
        Interlocked.Exchange(ref _ticket, (number + 2) << 32);

        int sleeping = Volatile.Read(ref _sleeping);
        if (sleeping > 0)
        {
            _wake.Release(Math.Min(sleeping, tasks - 1));
        }

        TakeTasks(number + 2, _scratch[0]);
        var wait = default(SpinWait);
        while (Volatile.Read(ref _completed) < tasks)
        {
            // Never the one-millisecond sleep: what is left is at most one task per worker.
            wait.SpinOnce(sleep1Threshold: -1);
        }

        _failure?.Throw();
    }

    private void TakeTasks(long jobNumber, KernelScratch scratch)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            int task = (int)ticket;
            if (ticket >> 32 != jobNumber || task >= Volatile.Read(ref _tasks))
            {
                return;
            }

            delegate*<void*, int, KernelScratch, void> execute = _execute;
            void* job = _job;
            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket)
            {
                continue;
            }

            // The exchange succeeded, so the job is still the one that was read: its caller waits for this task.
            try
            {
                execute(job, task, scratch);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            }

            Interlocked.Increment(ref _completed);
        }
    }

    private void Work(KernelScratch scratch)
    {
        long seen = 0;
        while (Volatile.Read(ref _busy) != Closed)
        {
            long current = WaitForJob(seen);
            TakeTasks(current, scratch);
            seen = current;
        }
    }

    private long WaitForJob(long seen)
    {
        for (int spin = 0; spin < SpinsBeforeSleep; spin++)
        {
            long current = Volatile.Read(ref _ticket) >> 32;
            if (current != seen)
            {
                return current;
            }

            Thread.SpinWait(PausesPerSpin);
        }

        Interlocked.Increment(ref _sleeping);
        if (Volatile.Read(ref _ticket) >> 32 == seen && Volatile.Read(ref _busy) != Closed)
        {
            _wake.Wait();
        }

        Interlocked.Decrement(ref _sleeping);
        return Volatile.Read(ref _ticket) >> 32;
    }
}
