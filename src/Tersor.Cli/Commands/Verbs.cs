namespace Tersor.Cli.Commands;

/// <summary>The list of verbs: a new verb is a file and a line here.</summary>
internal static class Verbs
{
    /// <summary>Every verb, in the order of the help.</summary>
    public static IReadOnlyList<Verb> Create() =>
    [
        new CompressCommand(),
        new DecompressCommand(),
        new InspectCommand(),
        new VerifyCommand(),
        new DiffCommand(),
        new ConvertCommand(),
        new TrainCommand(),
        new ListCommand(),
    ];
}
