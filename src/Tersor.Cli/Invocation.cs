using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;

namespace Tersor.Cli;

/// <summary>One run of one verb: the values of its options, where it prints, what it reports, and how it ends.</summary>
internal sealed class Invocation
{
    private readonly ParseResult _parse;
    private readonly JsonArray _selections = [];
    private bool _stdoutCarriesData;
    private bool _stdoutCarriesEvents;

    private Invocation(
        string verb, ParseResult parse, GlobalOptions options, IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        _parse = parse;
        Terminal = terminal;
        Cancellation = cancellation;
        Json = parse.GetValue(options.Json);
        Quiet = parse.GetValue(options.Quiet);
        Verbose = parse.GetValue(options.Verbose);
        Report = new Report(verb, arguments);
        Progress = new ProgressReporter(terminal, enabled: !Quiet);
    }

    public Terminal Terminal { get; }

    public CancellationToken Cancellation { get; }

    public bool Json { get; private init; }

    public bool Quiet { get; private init; }

    public bool Verbose { get; private init; }

    public Report Report { get; }

    public ProgressReporter Progress { get; private init; }

    /// <summary>Runs a verb to its end; every failure becomes an exit code and one line.</summary>
    public static async Task<ExitCode> RunAsync(
        Verb verb, ParseResult parse, GlobalOptions options, IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        Invocation invocation = new(verb.FullName, parse, options, arguments, terminal, cancellation);
        Failure? failure = null;
        try
        {
            if (invocation.Quiet && invocation.Verbose) throw CommandException.Usage("--quiet and --verbose contradict each other", "Drop one.");
            await Task.Run(() => verb.Run(invocation), cancellation);
        }
        catch (Exception exception)
        {
            failure = Failure.From(exception);
        }

        return invocation.Finish(failure);
    }

    /// <summary>Whether a command line is well formed and does not contradict itself, so that its verb can be run within this one later.</summary>
    /// <exception cref="CommandException">It is not.</exception>
    public void CheckNested(IReadOnlyList<string> arguments)
    {
        (Verb verb, Invocation nested) = Nest(arguments);
        verb.Check(nested);
    }

    /// <summary>Runs another verb as a part of this one: it prints as this one does, what it reports becomes a field of this one's report, and its failures are this one's.</summary>
    /// <param name="arguments">Its command line, without options of how to print.</param>
    /// <param name="field">The field.</param>
    public void RunNested(IReadOnlyList<string> arguments, string field)
    {
        (Verb verb, Invocation nested) = Nest(arguments);
        try
        {
            verb.Run(nested);
        }
        finally
        {
            foreach (string warning in nested.Report.Warnings.Except(Report.Warnings)) Report.Warnings.Add(warning);
            Report[field] = nested.Report.ToFields();
        }
    }

    /// <summary>The value of an option.</summary>
    public T? Value<T>(Option<T> option) => _parse.GetValue(option);

    /// <summary>The value of an argument that the parser has made sure of.</summary>
    public T Value<T>(Argument<T> argument) => _parse.GetRequiredValue(argument);

    /// <summary>The value of an argument that may be left out.</summary>
    public T? OptionalValue<T>(Argument<T> argument) => _parse.GetValue(argument);

    /// <summary>Whether the user gave the option, whatever its value.</summary>
    public bool IsGiven(Option option) => _parse.GetResult(option) is { Implicit: false };

    /// <summary>From now on stdout is for bytes: text goes to stderr.</summary>
    public void ReserveStdout()
    {
        if (Json) throw CommandException.Usage("--json and the output '-' both want stdout", "Write the output to a file.");
        _stdoutCarriesData = true;
    }

    /// <summary>Prints the result as text, unless JSON was asked for.</summary>
    public void Print(Action<TextWriter> write)
    {
        if (Json) return;
        Progress.Clear();
        write(_stdoutCarriesData ? Terminal.Error : Terminal.Out);
    }

    /// <summary>Prints a table of the result, unless JSON was asked for.</summary>
    public void Print(TextTable table) => Print(writer => table.Write(writer, Terminal.OutHasStyles && !_stdoutCarriesData));

    /// <summary>With <c>--json</c>, a document on a line of its own at once, before the report, which then takes one line too.</summary>
    public void PrintEvent(JsonObject document)
    {
        if (!Json) return;
        _stdoutCarriesEvents = true;
        SortedJson.Write(document, Terminal.Out, onOneLine: true);
        Terminal.Out.Flush();
    }

    /// <summary>How far the work is, as a line on stderr that stays, unless <c>--quiet</c>.</summary>
    public void Note(string line)
    {
        if (!Quiet) WriteToError(line);
    }

    /// <summary>A line on stderr for <c>--verbose</c>.</summary>
    public void Detail(string line)
    {
        if (Verbose) WriteToError(line);
    }

    /// <summary>For <c>--verbose</c>: the value of an option that took effect, and whether the user or a default chose it.</summary>
    public void Setting(Option option, string value) => Detail($"{option.Name} {value} ({(IsGiven(option) ? "given" : "default")})");

    /// <summary>Something the user should know though the run goes on: a line on stderr and an entry in the report, once.</summary>
    public void Warn(string line)
    {
        lock (Report)
        {
            if (Report.Warnings.Contains(line)) return;
            Report.Warnings.Add(line);
        }

        if (!Quiet) WriteToError("warning: " + line);
    }

    /// <summary>Says which tensors a pattern stands for.</summary>
    public void ReportSelection(string option, string pattern, IReadOnlyList<string> matches)
    {
        _selections.Add((JsonNode)new JsonObject
        {
            ["option"] = option,
            ["pattern"] = pattern,
            ["matches"] = new JsonArray([.. matches.Select(match => JsonValue.Create(match))]),
        });
        if (!Quiet) WriteToError($"{option} '{pattern}': {Numbers.Count(matches.Count)} tensor{(matches.Count == 1 ? "" : "s")}: {string.Join(", ", matches)}");
    }

    private (Verb Verb, Invocation Nested) Nest(IReadOnlyList<string> arguments)
    {
        (Command root, ParseResult parse, GlobalOptions options) = TersorCommand.Parse(arguments);
        if (UsageErrors.Find(root, arguments, parse) is Failure failure) throw CommandException.Usage(failure.Problem, failure.Hint);
        Verb verb = (Verb)parse.CommandResult.Command;
        return (verb, new Invocation(verb.FullName, parse, options, arguments, Terminal, Cancellation) { Json = Json, Quiet = Quiet, Verbose = Verbose, Progress = Progress });
    }

    private void WriteToError(string line)
    {
        Progress.Clear();
        Terminal.Error.WriteLine(VisibleText.OneLine(line));
    }

    private ExitCode Finish(Failure? failure)
    {
        Progress.Clear();
        if (_selections.Count > 0) Report["selections"] = _selections;
        try
        {
            if (Json) Report.Write(Terminal.Out, failure, _stdoutCarriesEvents);
            Terminal.Out.Flush();
        }
        catch (IOException exception)
        {
            // Stdout may be a file on a full disk.
            failure ??= Failure.From(exception);
        }

        if (failure is not null)
        {
            WriteToError(failure.Line);
            if (Verbose && failure is { ExitCode: ExitCode.Unexpected, Cause: not null }) Terminal.Error.WriteLine(failure.Cause.ToString());
        }

        return failure?.ExitCode ?? ExitCode.Done;
    }
}
