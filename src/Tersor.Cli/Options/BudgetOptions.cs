using System.CommandLine;

namespace Tersor.Cli.Options;

/// <summary>What a user can afford; step sizes are searched for it.</summary>
internal sealed class BudgetOptions
{
    private readonly Option<double?> _maxDrop = ValueOption.Real(
        "--max-drop", "Find the smallest file that loses at most so many points of top-1; needs --data. The file is then measured on data that the search did not see.", 0, 100);

    private readonly Option<double?> _minAccuracy = ValueOption.Real("--min-accuracy", "The same for a top-1 in percent that must be left.", 0, 100);

    private readonly Option<long?> _maxSize = ValueOption.Size(
        "--max-size", "Find the file of at most this size whose answers change least; without --data, the finest quality that fits.");

    private Option[] All => [_maxDrop, _minAccuracy, _maxSize];

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (Option option in All) verb.Add(option);
    }

    /// <summary>The budget that the user states; null for none.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="hasData">Whether data are named.</param>
    /// <exception cref="CommandException">Several budgets, or one that needs data and has none.</exception>
    public Budget? Resolve(Invocation invocation, bool hasData)
    {
        Option[] given = [.. All.Where(invocation.IsGiven)];
        if (given.Length == 0) return null;
        if (given.Length > 1) throw CommandException.Usage($"{string.Join(" and ", given.Select(option => option.Name))} exclude each other: one is searched for", "Keep one.");
        if (given[0] != _maxSize && !hasData) throw CommandException.Usage($"{given[0].Name} measures accuracy, which takes --data", "Add --data SPEC, or state a --max-size.");
        return new Budget(given[0].Name, invocation.Value(_maxDrop), invocation.Value(_minAccuracy), invocation.Value(_maxSize));
    }
}

/// <summary>One of the three.</summary>
/// <param name="Option">The option that states it.</param>
/// <param name="MaxDrop">Points of top-1 that may be lost.</param>
/// <param name="MinAccuracy">Top-1 in percent that must be left.</param>
/// <param name="MaxBytes">Bytes of the file.</param>
internal sealed record Budget(string Option, double? MaxDrop, double? MinAccuracy, long? MaxBytes)
{
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
