using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;
using Tersor.Cli.Commands;
using Tersor.Cli.Options;
using Tersor.Cli.Output;

namespace Tersor.Cli;

/// <summary>The whole command: parses, runs one verb, returns the exit code.</summary>
internal static class TersorCommand
{
    /// <summary>How long a cancelled verb may take to remove what it began before the process ends anyway.</summary>
    private static readonly TimeSpan CleanUpTime = TimeSpan.FromSeconds(30);

    private static readonly ParserConfiguration Syntax = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Runs a command line. SIGINT and SIGTERM cancel it, as <paramref name="cancellation"/> does.</summary>
    public static async Task<ExitCode> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation = default)
    {
        // Not seen by the caller: the culture is a local of the asynchronous flow.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        GlobalOptions options = new();
        Command root = Create(options, (verb, parse, token) => RunVerbAsync(verb, parse, options, arguments, terminal, token));
        ParseResult parse = root.Parse(arguments, Syntax);
        if (UsageErrors.Find(root, arguments, parse) is Failure failure)
        {
            if (arguments.TakeWhile(argument => argument != "--").Contains("--json", StringComparer.Ordinal))
                new Report((parse.CommandResult.Command as Verb)?.FullName ?? "error", arguments).Write(terminal.Out, failure);
            await terminal.Out.FlushAsync(cancellation);
            await terminal.Error.WriteLineAsync(failure.Line);
            return failure.ExitCode;
        }

        return (ExitCode)await parse.InvokeAsync(
            new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = CleanUpTime,
            },
            cancellation);
    }

    /// <summary>Reads a command line without running it.</summary>
    public static (Command Root, ParseResult Parse, GlobalOptions Options) Parse(IReadOnlyList<string> arguments)
    {
        GlobalOptions options = new();
        Command root = Create(options, (_, _, _) => Task.FromResult(0));
        return (root, root.Parse(arguments, Syntax), options);
    }

    /// <summary>The parser of the command, for the help page check too.</summary>
    public static Command Create(GlobalOptions options, Func<Verb, ParseResult, CancellationToken, Task<int>> run)
    {
        // Not a RootCommand: that one goes by the name of the executable, which is dotnet's for a tool.
        Command root = new("tersor", "Makes trained neural networks small, as ISO/IEC 15938-17 (NNC) files, and gives them back.");

        // Without the aliases "/h" and "/?", which are file names here.
        root.Add(new HelpOption("--help", "-h") { Description = "Show what a verb does and takes." });
        root.Add(new VersionOption { Description = "Show the version.", Action = new PrintVersion() });
        foreach (Option option in options.All) root.Add(option);
        foreach (Command command in Verbs.Create())
        {
            root.Add(command);
            foreach (Verb verb in VerbsOf(command)) verb.SetAction((parse, token) => run(verb, parse, token));
        }

        return root;
    }

    /// <summary>A verb itself, or the verbs of a group.</summary>
    public static IEnumerable<Verb> VerbsOf(Command command) => command is VerbGroup group ? group.Verbs : [(Verb)command];

    private static async Task<int> RunVerbAsync(
        Verb verb, ParseResult parse, GlobalOptions options, IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation) =>
        (int)await Invocation.RunAsync(verb, parse, options, arguments, terminal, cancellation);

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(Report.ToolVersion);
            return 0;
        }
    }
}
