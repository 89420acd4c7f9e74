using System.CommandLine;
using System.Text.RegularExpressions;
using Tersor.Compression;

namespace Tersor.Cli.Options;

/// <summary><c>--include</c> and <c>--exclude</c>: regular expressions over tensor names.</summary>
internal sealed class SelectionOptions
{
    /// <summary>Takes what the help says of the two.</summary>
    public SelectionOptions(
        string include = "Only tensors whose name matches this regular expression; may be given several times.",
        string exclude = "No tensors whose name matches this regular expression; may be given several times.")
    {
        Include = new("--include") { Description = include, HelpName = "RE", Arity = ArgumentArity.OneOrMore };
        Exclude = new("--exclude") { Description = exclude, HelpName = "RE", Arity = ArgumentArity.OneOrMore };
    }

    /// <summary>Tensors to take.</summary>
    public Option<string[]> Include { get; }

    /// <summary>Tensors to leave out.</summary>
    public Option<string[]> Exclude { get; }

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(Include);
        verb.Add(Exclude);
    }

    /// <summary>Whether either was given.</summary>
    public bool AreGiven(Invocation invocation) => invocation.IsGiven(Include) || invocation.IsGiven(Exclude);

    /// <summary>The names that are included (all, where nothing is) and not excluded.</summary>
    /// <exception cref="CommandException">A pattern is not a regular expression or matches no name; all such patterns at once.</exception>
    public IReadOnlySet<string> Resolve(Invocation invocation, IReadOnlyList<string> names)
    {
        List<string> problems = [];
        TensorSelection selection = Resolve(invocation, names, problems);
        if (problems.Count == 0 && selection.Names.Count == 0 && names.Count > 0) problems.Add("--exclude leaves no tensor; narrow the pattern");
        return problems.Count == 0 ? selection.Names : throw new CommandException(ExitCode.Usage, "selector", string.Join("; ", problems));
    }

    /// <summary>
    /// As the other, with problems added to a list instead of thrown. Every pattern and what it matched goes into the report and, unless quiet, to stderr.
    /// </summary>
    public TensorSelection Resolve(Invocation invocation, IReadOnlyList<string> names, List<string> problems)
    {
        List<Regex> includes = Compile(Include.Name, invocation.Value(Include) ?? [], problems);
        List<Regex> excludes = Compile(Exclude.Name, invocation.Value(Exclude) ?? [], problems);
        HashSet<string> selected = new(StringComparer.Ordinal);
        if (!invocation.IsGiven(Include)) selected.UnionWith(names);
        foreach (Regex pattern in includes) selected.UnionWith(Match(invocation, Include.Name, pattern, names, problems));
        foreach (Regex pattern in excludes) selected.ExceptWith(Match(invocation, Exclude.Name, pattern, names, problems));
        return new TensorSelection(selected, includes, excludes);
    }

    private static List<Regex> Compile(string option, IEnumerable<string> patterns, List<string> problems)
    {
        List<Regex> expressions = [];
        foreach (string pattern in patterns)
        {
            try
            {
                // Linear time whatever the pattern: names may come from a hostile file.
                expressions.Add(new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10)));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                problems.Add($"{option} '{pattern}' is not a usable regular expression: {e.Message.TrimEnd('.')}");
            }
        }

        return expressions;
    }

    private static string[] Match(Invocation invocation, string option, Regex pattern, IReadOnlyList<string> names, List<string> problems)
    {
        string[] matches = [.. names.Where(name => pattern.IsMatch(name))];
        if (matches.Length > 0)
        {
            invocation.ReportSelection(option, pattern.ToString(), matches);
            return matches;
        }

        string? near = ClosestNames.Hint(pattern.ToString(), names);
        problems.Add($"{option} '{pattern}' matches no tensor{(near is null ? null : ". " + near)}");
        return matches;
    }
}
