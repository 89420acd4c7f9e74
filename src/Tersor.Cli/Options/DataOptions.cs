using System.CommandLine;
using Tersor.Cli.Output;
using Tersor.Engine.Data;

namespace Tersor.Cli.Options;

/// <summary><c>--data</c>, <c>--validation</c> and <c>--seed</c>: which samples a model sees.</summary>
internal sealed class DataOptions
{
    private const double DefaultValidation = 0.1;

    private readonly Option<string?> _data = new("--data")
    {
        Description = "The samples: mnist:DIR, cifar10:DIR, cifar100:DIR, npz:FILE (x, y), digits, or digits:TRAIN,TEST (generated; how many images).",
        HelpName = "SPEC",
        Required = true,
    };

    private readonly Option<double?> _validation = ValueOption.Real(
        "--validation", "The part of the train set that is held out for validation; 0.1 if not given.", 0, 0.99);

    private readonly Option<int?> _seed;

    /// <summary>Takes what the help says of <c>--seed</c>.</summary>
    public DataOptions(string seed = "Decides which samples are held out, and generated ones; 0 if not given.")
    {
        _seed = ValueOption.Integer("--seed", seed, 0, int.MaxValue);
    }

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_data);
        verb.Add(_validation);
        verb.Add(_seed);
    }

    /// <summary>The seed asked for, or 0.</summary>
    public ulong Seed(Invocation invocation) => (ulong)(invocation.Value(_seed) ?? 0);

    /// <summary>The data asked for; files are looked at when a split is loaded.</summary>
    /// <exception cref="CommandException">The text names no known kind of data.</exception>
    public DataSource Resolve(Invocation invocation)
    {
        double validation = invocation.Value(_validation) ?? DefaultValidation;
        invocation.Setting(_validation, Numbers.Short(validation));
        invocation.Setting(_seed, Numbers.Integer((int)Seed(invocation)));
        try
        {
            return DataSource.Parse(invocation.Value(_data)!, Seed(invocation), validation);
        }
        catch (FormatException problem)
        {
            throw CommandException.Usage($"{_data.Name}: {problem.Message}");
        }
    }
}
