using System.CommandLine;
using Tersor.Cli.Output;
using Tersor.Engine.Data;

namespace Tersor.Cli.Options;

/// <summary><c>--data</c>, <c>--validation</c> and <c>--seed</c>: which samples a model sees.</summary>
internal sealed class DataOptions
{
    private const double DefaultValidation = 0.1;

    private readonly Option<string?> _data;

    private readonly Option<double?> _validation = ValueOption.Real(
        "--validation", "The part of the train set that is held out for validation; 0.1 if not given.", 0, 0.99);

    private readonly Option<int?> _seed;

    /// <summary>Takes what the help says of <c>--seed</c>, whether the verb works without the option, and what the help says of it then.</summary>
    public DataOptions(
        string seed = "Decides which samples are held out, and generated ones; 0 if not given.", bool required = true, string optional = "Measure the model and what came of it on these samples")
    {
        const string Kinds = "mnist:DIR, cifar10:DIR, cifar100:DIR, npz:FILE (x, y), digits, or digits:TRAIN,TEST (generated; how many images)";
        _data = new("--data")
        {
            Description = $"{(required ? "The samples" : optional)}: {Kinds}.",
            HelpName = "SPEC",
            Required = required,
        };
        _seed = ValueOption.Integer("--seed", seed, 0, int.MaxValue);
    }

    /// <summary>The options, the data themselves first.</summary>
    public IEnumerable<Option> All => [_data, _validation, _seed];

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (Option option in All) verb.Add(option);
    }

    /// <summary>Whether data are named.</summary>
    public bool IsGiven(Invocation invocation) => invocation.IsGiven(_data);

    /// <summary>Whether the user says how much is held out.</summary>
    public bool SplitsTraining(Invocation invocation) => invocation.IsGiven(_validation);

    /// <summary>The seed asked for, or 0.</summary>
    public ulong Seed(Invocation invocation) => Seed(invocation, usual: 0);

    /// <summary>The data asked for; files are looked at when a split is loaded.</summary>
    /// <exception cref="CommandException">The text names no known kind of data.</exception>
    public DataSource Resolve(Invocation invocation) => Resolve(invocation, usual: null, usualSeed: 0);

    /// <summary>The data asked for, or those that a file names.</summary>
    /// <exception cref="CommandException">Neither names any, or the text names no known kind of data.</exception>
    public DataSource Resolve(Invocation invocation, string? usual, int usualSeed)
    {
        string text = invocation.Value(_data) ?? usual ?? throw CommandException.Usage("no data are named", $"Add {_data.Name} SPEC.");
        ulong seed = Seed(invocation, usualSeed);
        double validation = invocation.Value(_validation) ?? DefaultValidation;
        invocation.Setting(_validation, Numbers.Short(validation));
        invocation.Setting(_seed, Numbers.Integer((int)seed));
        try
        {
            return DataSource.Parse(text, seed, validation);
        }
        catch (FormatException problem)
        {
            throw CommandException.Usage($"{_data.Name}: {problem.Message}");
        }
    }

    private ulong Seed(Invocation invocation, int usual) => (ulong)(invocation.Value(_seed) ?? usual);
}
