namespace Tersor.Cli;

/// <summary>What the process returns. Scripts rely on these numbers; <c>tersor list exit-codes</c> prints them.</summary>
internal enum ExitCode
{
    Done = 0,
    Unexpected = 1,
    Usage = 2,
    Malformed = 3,
    Unsupported = 4,
    GoalNotMet = 5,
    ResourceLimit = 6,
    Cancelled = 130,
}

/// <summary>The exit codes in words.</summary>
internal static class ExitCodes
{
    /// <summary>Every code with its meaning, in the order of the numbers.</summary>
    public static IReadOnlyList<(ExitCode Code, string Meaning)> All { get; } =
    [
        (ExitCode.Done, "done"),
        (ExitCode.Unexpected, "unexpected failure: a bug; --verbose prints the stack trace"),
        (ExitCode.Usage, "usage: options, plan or selector wrong, input missing, output already there or not writable"),
        (ExitCode.Malformed, "input malformed: truncated, contradictory or damaged"),
        (ExitCode.Unsupported, "input valid but not supported"),
        (ExitCode.GoalNotMet, "goal not met: a verification or a bound failed"),
        (ExitCode.ResourceLimit, "resource limit: memory or disk"),
        (ExitCode.Cancelled, "cancelled by SIGINT or SIGTERM"),
    ];
}
