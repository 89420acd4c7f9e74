using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>Plans for one model from the finest to the coarsest, among which a search looks for the one that keeps a budget.</summary>
public abstract class PlanFamily
{
    /// <summary>How many there are.</summary>
    public abstract int Count { get; }

    /// <summary>The plans that are worth a look: neither much finer than the usual one nor so coarse that nothing is left.</summary>
    public virtual Range Telling => ..Count;

    /// <summary>The plan at a place, 0 being the finest.</summary>
    public abstract CompressionPlan At(int index);

    /// <summary>Places of some plans, evenly apart.</summary>
    /// <param name="count">How many; fewer where there are not as many plans.</param>
    public int[] Spread(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        (int first, int length) = Telling.GetOffsetAndLength(Count);
        return [.. Enumerable.Range(0, count).Select(i => first + (int)((long)i * (length - 1) / (count - 1))).Distinct()];
    }
}
