using System.CommandLine;
using System.CommandLine.Help;
using System.Text;
using Tersor.Cli.Options;

namespace Tersor.Cli.Tests;

/// <summary>
/// docs/command-line.md cannot go stale: what it says of verbs, options and exit codes is made from the parser. Run with <c>TERSOR_REWRITE=1</c> to write the
/// page anew; under CI that is refused.
/// </summary>
public sealed class CommandLinePageTests
{
    private const string Begin = "<!-- made from the parser by CommandLinePageTests: begin -->\n";
    private const string End = "<!-- made from the parser by CommandLinePageTests: end -->\n";

    [Fact]
    public void Page_SaysWhatTheParserSays()
    {
        string path = RepositoryFile.Find("docs/command-line.md");
        string page = File.ReadAllText(path);
        string reference = Reference();
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = page.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= Begin.Length && end >= begin, "the page has lost the marks around its reference");
        if (Environment.GetEnvironmentVariable("TERSOR_REWRITE") == "1")
        {
            Assert.True(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), "expectations are not rewritten under CI");
            File.WriteAllText(path, page[..begin] + reference + page[end..]);
            return;
        }

        Assert.Equal(reference, page[begin..end]);
    }

    private static string Reference()
    {
        GlobalOptions global = new();
        Command root = TersorCommand.Create(global, (_, _, _) => Task.FromResult(0));
        StringBuilder text = new();
        foreach (Verb verb in root.Subcommands.SelectMany(TersorCommand.VerbsOf))
        {
            string arguments = string.Concat(verb.Arguments.Select(argument =>
                argument.Arity.MinimumNumberOfValues == 0 ? $" [{argument.Name}]" : $" {argument.Name}{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}"));
            text.Append($"\n### tersor {verb.FullName}{arguments}\n\n{verb.Description}\n\n| | |\n|---|---|\n");
            foreach (Argument argument in verb.Arguments) Row(text, argument.Name, argument.Description);
            foreach (Option option in verb.Options) Row(text, Names(option), option.Description + (option.Required ? " Required." : ""));
        }

        text.Append("\n### With every verb\n\n| | |\n|---|---|\n");
        foreach (Option option in root.Options.Where(option => option.Recursive || option is HelpOption or VersionOption)) Row(text, Names(option), option.Description);
        text.Append("\n### Exit codes\n\n| | |\n|---|---|\n");
        foreach ((ExitCode code, string meaning) in ExitCodes.All) text.Append($"| {(int)code} | {meaning} |\n");
        return text.Append('\n').ToString();
    }

    private static void Row(StringBuilder text, string names, string? description) =>
        text.Append($"| `{names.Replace("|", "\\|", StringComparison.Ordinal)}` | {description} |\n");

    private static string Names(Option option)
    {
        string names = string.Join("`, `", option.Aliases.Order(StringComparer.Ordinal).Prepend(option.Name));
        return option.HelpName is null ? names : $"{names} {option.HelpName}";
    }
}
