namespace Tersor.Compression.Budgets;

/// <summary>Bisects a family of plans for the one that keeps a budget. No plan is tried twice.</summary>
/// <param name="family">The plans.</param>
/// <param name="attempt">Tries one.</param>
public sealed class BudgetSearch(PlanFamily family, Func<Plans.CompressionPlan, BudgetTrial> attempt)
{
    private readonly SortedDictionary<int, BudgetTrial> _trials = [];

    /// <summary>What was tried, from fine to coarse.</summary>
    public IReadOnlyCollection<BudgetTrial> Trials => _trials.Values;

    /// <summary>The coarsest plan that keeps what is asked, such as an accuracy. Plans are taken to keep it up to some place and not beyond.</summary>
    /// <param name="keeps">Whether a trial keeps it.</param>
    /// <returns>Null where not even the finest plan does.</returns>
    public BudgetTrial? Coarsest(Func<BudgetTrial, bool> keeps)
    {
        ArgumentNullException.ThrowIfNull(keeps);
        if (!keeps(Try(0))) return null;
        (int kept, int broken) = (0, family.Count);
        while (broken - kept > 1)
        {
            int middle = (kept + broken) / 2;
            if (keeps(Try(middle))) kept = middle;
            else broken = middle;
        }

        return Try(kept);
    }

    /// <summary>The finest plan that fits what is asked, such as a size. Plans are taken to fit from some place on.</summary>
    /// <param name="fits">Whether a trial fits.</param>
    /// <returns>Null where not even the coarsest plan does.</returns>
    public BudgetTrial? Finest(Func<BudgetTrial, bool> fits)
    {
        ArgumentNullException.ThrowIfNull(fits);
        if (!fits(Try(family.Count - 1))) return null;
        (int large, int fitting) = (-1, family.Count - 1);
        while (fitting - large > 1)
        {
            int middle = (large + fitting) / 2;
            if (fits(Try(middle))) fitting = middle;
            else large = middle;
        }

        return Try(fitting);
    }

    private BudgetTrial Try(int index)
    {
        if (!_trials.TryGetValue(index, out BudgetTrial? trial)) _trials.Add(index, trial = attempt(family.At(index)));
        return trial;
    }
}
