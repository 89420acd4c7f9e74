using System.CommandLine;

namespace Tersor.Cli.Options;

/// <summary>What every verb understands.</summary>
internal sealed class GlobalOptions
{
    /// <summary>One JSON document on stdout.</summary>
    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print one JSON document on stdout, for errors too, instead of text.",
        Recursive = true,
    };

    /// <summary>Errors only.</summary>
    public Option<bool> Quiet { get; } = new("--quiet", "-q")
    {
        Description = "No progress, notes or warnings; verbs that write a file print no table.",
        Recursive = true,
    };

    /// <summary>More notes, and stack traces.</summary>
    public Option<bool> Verbose { get; } = new("--verbose", "-v")
    {
        Description = "Print the settings that took effect, and stack traces of unexpected failures.",
        Recursive = true,
    };

    /// <summary>In the order of the help.</summary>
    public IReadOnlyList<Option> All => [Json, Quiet, Verbose];
}
