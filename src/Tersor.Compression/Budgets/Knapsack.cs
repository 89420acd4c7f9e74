namespace Tersor.Compression.Budgets;

/// <summary>A knapsack of multiple choice: one option of each group, so that costs add up to at most a budget and bytes to as little as can be. Solved for all budgets at once.</summary>
internal sealed class Knapsack
{
    private readonly IReadOnlyList<IReadOnlyList<KnapsackOption>> _groups;

    // Per group and budget, the option taken; -1 where no choice keeps the budget.
    private readonly short[][] _taken;

    /// <summary>Solves.</summary>
    /// <param name="groups">At least one option each, at most 32,767.</param>
    /// <param name="largestBudget">Budgets are 0 to this.</param>
    public Knapsack(IReadOnlyList<IReadOnlyList<KnapsackOption>> groups, int largestBudget)
    {
        _groups = groups;
        _taken = new short[groups.Count][];
        double[] best = new double[largestBudget + 1];
        double[] next = new double[largestBudget + 1];
        for (int group = 0; group < groups.Count; group++)
        {
            short[] taken = _taken[group] = new short[largestBudget + 1];
            for (int budget = 0; budget <= largestBudget; budget++)
            {
                (next[budget], taken[budget]) = (double.PositiveInfinity, -1);
                for (int option = 0; option < groups[group].Count; option++)
                {
                    KnapsackOption candidate = groups[group][option];
                    if (candidate.Cost > budget || !(best[budget - candidate.Cost] + candidate.Bytes < next[budget])) continue;
                    (next[budget], taken[budget]) = (best[budget - candidate.Cost] + candidate.Bytes, (short)option);
                }
            }

            (best, next) = (next, best);
        }
    }

    /// <summary>The option of each group; null where the cheapest ones cost more already.</summary>
    public int[]? Choose(int budget)
    {
        int[] chosen = new int[_groups.Count];
        for (int group = _groups.Count - 1; group >= 0; group--)
        {
            chosen[group] = _taken[group][budget];
            if (chosen[group] < 0) return null;
            budget -= _groups[group][chosen[group]].Cost;
        }

        return chosen;
    }
}

/// <summary>One of which a <see cref="Knapsack"/> takes one per group.</summary>
/// <param name="Bytes">What is made small.</param>
/// <param name="Cost">Whole units, from 0.</param>
internal readonly record struct KnapsackOption(double Bytes, int Cost);
