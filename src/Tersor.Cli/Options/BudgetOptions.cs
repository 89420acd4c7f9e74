using System.CommandLine;
using Tersor.Compression.Budgets.Searches;

namespace Tersor.Cli.Options;

/// <summary>What a user can afford; step sizes are searched for it.</summary>
internal sealed class BudgetOptions
{
    private readonly Option<double?> _maxDrop = ValueOption.Real(
        "--max-drop", "Find the smallest file that loses at most so many points of top-1; needs --data. The file is then measured on data that the search did not see.", 0, 100);

    private readonly Option<double?> _minAccuracy = ValueOption.Real("--min-accuracy", "The same for a top-1 in percent that must be left.", 0, 100);

    private readonly Option<long?> _maxSize = ValueOption.Size(
        "--max-size", "Find the file of at most this size whose answers change least; without --data, the finest quality that fits.");

    private readonly Option<PlanSearch?> _search = ValueOption.Named(
        "--search",
        $"How the plan is searched for; {PlanSearch.Default.Name} if not given. tersor list searches says what each does.",
        [.. PlanSearch.All.Select(search => (search.Name, search))]);

    private readonly Option<int?> _trials = ValueOption.Integer(
        "--trials", "Plans that a search tries at most; what is usual for it if not given. Trials of single tensors, which hull and knapsack make first, do not count.", 1, int.MaxValue);

    private readonly Option<string?> _resume = new("--resume")
    {
        Description = "Write every finished trial to this journal, and go on with those that it holds: a search that was stopped ends with the same bytes.",
        HelpName = "FILE",
    };

    private Option[] Budgets => [_maxDrop, _minAccuracy, _maxSize];

    private Option[] HowToSearch => [_search, _trials, _resume];

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (Option option in Budgets.Concat(HowToSearch)) verb.Add(option);
    }

    /// <summary>The budget that the user states; null for none.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="hasData">Whether data are named.</param>
    /// <exception cref="CommandException">Several budgets, one that needs data and has none, or a way to search for none.</exception>
    public Budget? Resolve(Invocation invocation, bool hasData)
    {
        Option[] given = [.. Budgets.Where(invocation.IsGiven)];
        if (given.Length == 0)
        {
            if (HowToSearch.FirstOrDefault(invocation.IsGiven) is { } option) throw CommandException.Usage($"{option.Name} is for the search for a budget", "State one with --max-drop, --min-accuracy or --max-size.");
            return null;
        }

        if (given.Length > 1) throw CommandException.Usage($"{string.Join(" and ", given.Select(option => option.Name))} exclude each other: one is searched for", "Keep one.");
        if (given[0] != _maxSize && !hasData) throw CommandException.Usage($"{given[0].Name} measures accuracy, which takes --data", "Add --data SPEC, or state a --max-size.");
        PlanSearch? search = invocation.Value(_search);
        if (search is not null && search != PlanSearch.Default && !hasData)
            throw CommandException.Usage($"{_search.Name} {search.Name} judges plans by answers, which takes --data", "Add --data SPEC, or drop the option.");
        return new Budget(given[0].Name, invocation.Value(_maxDrop), invocation.Value(_minAccuracy), invocation.Value(_maxSize))
        {
            Search = search,
            MostTrials = invocation.Value(_trials),
            Journal = invocation.Value(_resume),
        };
    }
}

/// <summary>One of the three, and how a plan is searched for that keeps it.</summary>
/// <param name="Option">The option that states it.</param>
/// <param name="MaxDrop">Points of top-1 that may be lost.</param>
/// <param name="MinAccuracy">Top-1 in percent that must be left.</param>
/// <param name="MaxBytes">Bytes of the file.</param>
internal sealed record Budget(string Option, double? MaxDrop, double? MinAccuracy, long? MaxBytes)
{
    /// <summary>How; null for what suits the model.</summary>
    public PlanSearch? Search { get; init; }

    /// <summary>Plans that are tried at most; null for what is usual.</summary>
    public int? MostTrials { get; init; }

    /// <summary>Where trials are written down; null for nowhere.</summary>
    public string? Journal { get; init; }

    /// <summary>The fraction of right answers that may be lost; infinite where only the size counts.</summary>
    /// <param name="before">The fraction of right answers of the original.</param>
    /// <exception cref="CommandException">More is asked than the original has.</exception>
    public double DropFrom(double before)
    {
        if (MaxDrop is double points) return points / 100;
        if (MinAccuracy is not double percent) return double.PositiveInfinity;
        if (percent / 100 <= before) return before - (percent / 100);
        throw CommandException.Usage($"{Option} of {Output.Numbers.Short(percent)} % is above the original's {Output.Numbers.Percent(before, 2)}", "Ask for less.");
    }
}
