namespace Tersor.Engine.Kernels;

/// <summary>
/// Work that splits into numbered tasks, each writing its own part of the output. A job is a struct of numbers and pointers
/// that lives on the caller's stack while it runs, so that starting one allocates nothing.
/// </summary>
internal interface IKernelJob
{
    /// <summary>Runs one task. What it writes must depend on <paramref name="task"/> alone, never on who runs it or when.</summary>
    void Execute(int task, KernelScratch scratch);
}
