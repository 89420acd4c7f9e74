namespace Tersor.Representations.Kernels;

/// <summary>Runs numbered tasks, each writing results of its own, on several threads: what comes out does not depend on how many.</summary>
internal static class RowBlocks
{
    /// <summary>Runs tasks 0 to <paramref name="count"/> - 1 and returns when all are done.</summary>
    public static void Run(int count, int threads, Action<int> task)
    {
        if (threads == 1 || count <= 1)
        {
            for (int i = 0; i < count; i++) task(i);
            return;
        }

        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, task);
    }
}
