using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Tersor.Compression;

namespace Tersor.Cli;

/// <summary>Turns what the parser could not make sense of into one failure that names everything wrong and what was probably meant.</summary>
internal static class UsageErrors
{
    /// <summary>The failure of a command line; null where it is well formed or asks for help.</summary>
    public static Failure? Find(Command root, IReadOnlyList<string> arguments, ParseResult parse)
    {
        if (parse.Action is HelpAction) return null;
        Command command = parse.CommandResult.Command;
        List<Failure> unknown = [.. UnknownOptions(root, command, arguments)];
        if (unknown.Count > 0) return Join(unknown);
        if (parse.Errors.Count == 0) return null;
        if (command == root || command is VerbGroup) return MissingVerb(command, parse);

        IEnumerable<string> problems = parse.UnmatchedTokens.Select(token => $"'{token}' is one argument too many");
        problems = parse.UnmatchedTokens.Count == 0
            ? parse.Errors.Select(error => error.Message)
            : problems.Concat(parse.Errors.Where(error => error.SymbolResult is not CommandResult).Select(error => error.Message));
        return Usage(string.Join("; ", problems.Select(problem => problem.TrimEnd('.'))), $"See {NameOf(command)} --help.");
    }

    private static Failure MissingVerb(Command command, ParseResult parse)
    {
        string[] verbs = [.. command.Subcommands.Select(verb => verb.Name)];
        string all = verbs.Length == 1 ? $"The verb is {NameOf(command)} {verbs[0]}." : $"The verbs are {string.Join(", ", verbs)}.";
        if (parse.UnmatchedTokens.Count == 0) return Usage(command is VerbGroup ? $"{NameOf(command)} needs a second word" : "no verb given", all);
        string word = parse.UnmatchedTokens[0];
        return Usage($"unknown verb '{word}'", ClosestNames.Hint(word, verbs) ?? all);
    }

    private static string NameOf(Command command) => command switch
    {
        Verb verb => $"tersor {verb.FullName}",
        VerbGroup group => $"tersor {group.Name}",
        _ => command.Name,
    };

    // The parser takes an unknown option for an argument where one fits; so they are looked for here, up to "--".
    private static IEnumerable<Failure> UnknownOptions(Command root, Command command, IReadOnlyList<string> arguments)
    {
        Option[] options = [.. command.Options.Concat(root.Options.Where(option => option.Recursive || command == root)).Distinct()];
        for (int i = 0; i < arguments.Count && arguments[i] != "--"; i++)
        {
            string argument = arguments[i];
            if (argument.Length < 2 || argument[0] != '-') continue;
            Option? exact = Known(options, argument);
            if (exact is not null)
            {
                if (exact.Arity.MinimumNumberOfValues > 0) i++;
                continue;
            }

            string name = argument.Split('=', ':')[0];
            if (name != argument && Known(options, name) is not null) continue;
            string where = command == root ? "" : $" of {NameOf(command)["tersor ".Length..]}";
            string help = $"See {NameOf(command)} --help.";
            yield return Usage($"unknown option '{name}'{where}", ClosestNames.Hint(name, options.SelectMany(Names)) ?? help);
        }
    }

    private static Option? Known(Option[] options, string name) => Array.Find(options, option => Names(option).Contains(name, StringComparer.Ordinal));

    private static IEnumerable<string> Names(Option option) => option.Aliases.Prepend(option.Name);

    private static Failure Join(List<Failure> failures) => failures.Count == 1
        ? failures[0]
        : Usage(string.Join("; ", failures.Select(failure => failure.Problem)), string.Join(' ', failures.Select(failure => failure.Hint).Distinct()));

    private static Failure Usage(string problem, string? hint) => new(ExitCode.Usage, "usage", problem, hint);
}
