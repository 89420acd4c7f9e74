using Tersor.Engine.Kernels;

namespace Tersor.Engine.Tests.Kernels;

public sealed unsafe class KernelThreadsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_AnyNumberOfTasks_RunsEachOnce(int count)
    {
        using var threads = new KernelThreads(count);
        for (int repeat = 0; repeat < 300; repeat++)
        {
            int tasks = repeat % 37;
            int[] runs = new int[40];
            fixed (int* pointer = runs)
            {
                var job = new CountingJob { Runs = pointer };
                threads.Run(tasks, ref job);
            }

            for (int task = 0; task < runs.Length; task++)
            {
                Assert.Equal(task < tasks ? 1 : 0, runs[task]);
            }
        }
    }

    [Fact]
    public void Run_SteadyState_AllocatesNothing()
    {
        using var threads = new KernelThreads(2);
        int[] runs = new int[8];
        fixed (int* pointer = runs)
        {
            var job = new CountingJob { Runs = pointer };
            threads.Run(8, ref job);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                threads.Run(8, ref job);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Run_TaskThrows_ThrowsToTheCallerAndStaysUsable(int count)
    {
        using var threads = new KernelThreads(count);
        var failing = new FailingJob();
        Assert.Throws<NotSupportedException>(() => threads.Run(20, ref failing));
        int[] runs = new int[4];
        fixed (int* pointer = runs)
        {
            var job = new CountingJob { Runs = pointer };
            threads.Run(4, ref job);
        }

        Assert.Equal([1, 1, 1, 1], runs);
    }

    [Fact]
    public void Constructor_CountOutOfRange_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelThreads(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelThreads(KernelThreads.MaxCount + 1));
    }

    [Fact]
    public void Run_AfterDispose_Throws()
    {
        var threads = new KernelThreads(2);
        threads.Dispose();
        threads.Dispose();
        var job = new FailingJob();
        Assert.Throws<ObjectDisposedException>(() => threads.Run(1, ref job));
    }

    [Fact]
    public void Reserve_GrowingLengths_KeepsUsesApartAndAligned()
    {
        var scratch = new KernelScratch();
        float* left = scratch.Reserve(ScratchUse.PackedLeft, 1000);
        float* right = scratch.Reserve(ScratchUse.PackedRight, 1000);
        Assert.Equal(0, (nint)left % 64);
        Assert.Equal(0, (nint)right % 64);
        Assert.True(Math.Abs(left - right) >= 1000);
        Assert.True(scratch.Reserve(ScratchUse.PackedLeft, 10) == left);
        Assert.Throws<Tersor.Models.ResourceLimitException>(() => { scratch.Reserve(ScratchUse.PackedLeft, 1L << 40); });
    }

    private struct CountingJob : IKernelJob
    {
        public int* Runs;

        public readonly void Execute(int task, KernelScratch scratch) => Interlocked.Increment(ref Runs[task]);
    }

    private struct FailingJob : IKernelJob
    {
        public readonly void Execute(int task, KernelScratch scratch)
        {
            if (task == 7)
            {
                throw new NotSupportedException("task 7");
            }
        }
    }
}
