using System.CommandLine;
using System.Text.RegularExpressions;

namespace Tersor.Cli.Options;

/// <summary><c>--include</c> and <c>--exclude</c>: regular expressions over tensor names.</summary>
internal sealed class SelectionOptions
{
    /// <summary>Tensors to take.</summary>
    public Option<string[]> Include { get; } = new("--include")
    {
        Description = "Only tensors whose name matches this regular expression; may be given several times.",
        HelpName = "RE",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>Tensors to leave out.</summary>
    public Option<string[]> Exclude { get; } = new("--exclude")
    {
        Description = "No tensors whose name matches this regular expression; may be given several times.",
        HelpName = "RE",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(Include);
        verb.Add(Exclude);
    }

    /// <summary>
    /// The names that are included (all, where nothing is) and not excluded. Every pattern and what it matched goes into the report and, unless quiet, to stderr.
    /// </summary>
    /// <exception cref="CommandException">A pattern is not a regular expression or matches no name; all such patterns at once.</exception>
    public HashSet<string> Resolve(Invocation invocation, IReadOnlyList<string> names)
    {
        List<string> problems = [];
        HashSet<string> selected = new(StringComparer.Ordinal);
        string[] includes = invocation.Value(Include) ?? [];
        if (includes.Length == 0) selected.UnionWith(names);
        foreach (string pattern in includes) selected.UnionWith(Match(invocation, "--include", pattern, names, problems));
        foreach (string pattern in invocation.Value(Exclude) ?? []) selected.ExceptWith(Match(invocation, "--exclude", pattern, names, problems));
        if (problems.Count > 0) throw new CommandException(ExitCode.Usage, "selector", string.Join("; ", problems));
        if (selected.Count == 0 && names.Count > 0)
            throw new CommandException(ExitCode.Usage, "selector", "--exclude leaves no tensor", "Narrow the pattern.");
        return selected;
    }

    private static IReadOnlyList<string> Match(
        Invocation invocation, string option, string pattern, IReadOnlyList<string> names, List<string> problems)
    {
        Regex expression;
        try
        {
            // Linear time whatever the pattern: names may come from a hostile file.
            expression = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            problems.Add($"{option} '{pattern}' is not a usable regular expression: {e.Message.TrimEnd('.')}");
            return [];
        }

        string[] matches = [.. names.Where(name => expression.IsMatch(name))];
        if (matches.Length == 0)
        {
            string? near = ClosestNames.Hint(pattern, names);
            problems.Add($"{option} '{pattern}' matches no tensor{(near is null ? null : ". " + near)}");
        }
        else
        {
            invocation.ReportSelection(option, pattern, matches);
        }

        return matches;
    }
}
