namespace Tersor.Cli;

/// <summary>A failure that the command itself found, with everything its one line on stderr says.</summary>
internal sealed class CommandException(ExitCode exitCode, string code, string problem, string? hint = null) : Exception(problem)
{
    public ExitCode ExitCode => exitCode;

    /// <summary>The word in brackets, such as <c>output-exists</c>.</summary>
    public string Code => code;

    /// <summary>What to do next, if anything.</summary>
    public string? Hint => hint;

    /// <summary>A wrong option, argument, plan or selector.</summary>
    public static CommandException Usage(string problem, string? hint = null) => new(ExitCode.Usage, "usage", problem, hint);
}
