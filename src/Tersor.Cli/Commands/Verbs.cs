using System.CommandLine;

namespace Tersor.Cli.Commands;

/// <summary>The list of verbs: a new verb is a file and a line here.</summary>
internal static class Verbs
{
    /// <summary>Every verb and group of verbs, in the order of the help.</summary>
    public static IReadOnlyList<Command> Create() =>
    [
        new CompressCommand(),
        new DecompressCommand(),
        new InspectCommand(),
        new VerifyCommand(),
        new DiffCommand(),
        new SensitivityCommand(),
        new SweepCommand(),
        new ConvertCommand(),
        new EvaluateCommand(),
        new RunCommand(),
        new TrainCommand(),
        new ApplyCommand(),
        new VerbGroup("data", "Fetch data sets.", new DataDownloadCommand()),
        new ListCommand(),
    ];
}
