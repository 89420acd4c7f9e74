using Tersor.Cli.Output;
using Tersor.Compression.Budgets;
using Tersor.Compression.Recipes;
using Tersor.Engine.Data;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Cli;

/// <summary>Why a run did not end in <see cref="ExitCode.Done"/>: the exit code, and the parts of <c>error[code]: what, where. hint</c>.</summary>
internal sealed record Failure(ExitCode ExitCode, string Code, string Problem, string? Hint, Exception? Cause = null)
{
    // ENOSPC and EDQUOT as .NET passes them on under Unix; ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL under Windows.
    private static readonly int[] DiskFullResults = [28, 122, unchecked((int)0x80070027), unchecked((int)0x80070070)];

    /// <summary>One line, whatever the message holds.</summary>
    public string Line
    {
        get
        {
            string problem = VisibleText.OneLine(Problem).TrimEnd('.', ' ');
            return Hint is null ? $"error[{Code}]: {problem}" : $"error[{Code}]: {problem}. {VisibleText.OneLine(Hint)}";
        }
    }

    /// <summary>The failure that an exception stands for.</summary>
    public static Failure From(Exception exception) => exception switch
    {
        CommandException command => new(command.ExitCode, command.Code, command.Message, command.Hint, command),
        AggregateException aggregate when aggregate.InnerExceptions.Count > 0 => From(MostTelling(aggregate)),
        RecipeException => new(ExitCode.Usage, "recipe", exception.Message, null, exception),
        TrainingDivergedException => new(ExitCode.GoalNotMet, "diverged", exception.Message, "Nothing was written.", exception),
        PlanException => new(ExitCode.Usage, "plan", exception.Message, null, exception),
        OperationCanceledException => new(ExitCode.Cancelled, "cancelled", "stopped before the end", "No output was left behind.", exception),
        ModelFormatException => new(ExitCode.Malformed, "malformed", exception.Message, null, exception),
        DataMismatchException => new(ExitCode.Usage, "data-mismatch", exception.Message, null, exception),
        TrainingMismatchException => new(ExitCode.Usage, "checkpoint-mismatch", exception.Message, null, exception),
        SearchJournalException => new(ExitCode.Usage, "journal-mismatch", exception.Message, null, exception),
        UnsupportedModelException => new(ExitCode.Unsupported, "unsupported", exception.Message, null, exception),
        ResourceLimitException => new(ExitCode.ResourceLimit, "resource-limit", exception.Message, null, exception),
        OutOfMemoryException => new(
            ExitCode.ResourceLimit, "out-of-memory", "the work needs more memory than there is or than --memory-limit allows",
            "Raise --memory-limit, lower --threads, or use a machine with more memory.", exception),
        FileNotFoundException or DirectoryNotFoundException => new(ExitCode.Usage, "input-missing", exception.Message, null, exception),
        UnauthorizedAccessException => new(ExitCode.Usage, "no-access", exception.Message, "Check the permissions of the file and its folder.", exception),
        IOException io when DiskFullResults.Contains(io.HResult) => new(
            ExitCode.ResourceLimit, "disk-full", exception.Message, "Free some space or write elsewhere; no partial output was left behind.", exception),
        IOException => new(ExitCode.Usage, "io", exception.Message, null, exception),

        // So .NET says that a write passes the largest file of the process or the disk (ulimit -f, FAT).
        ArgumentOutOfRangeException when exception.StackTrace?.Contains("System.IO.RandomAccess.", StringComparison.Ordinal) == true => new(
            ExitCode.ResourceLimit, "disk-full", "the output is larger than a file may be here", "Raise the limit (ulimit -f) or write elsewhere; no partial output was left behind.", exception),
        _ => new(
            ExitCode.Unexpected, "unexpected", $"{exception.GetType().Name}: {exception.Message}",
            "This is a bug in tersor; run again with --verbose for the stack trace and report it.", exception),
    };

    // Workers that stop because another one failed report a cancellation; the other one's error is the news.
    private static Exception MostTelling(AggregateException aggregate)
    {
        IReadOnlyList<Exception> all = aggregate.Flatten().InnerExceptions;
        return all.FirstOrDefault(inner => inner is not OperationCanceledException) ?? all[0];
    }
}
