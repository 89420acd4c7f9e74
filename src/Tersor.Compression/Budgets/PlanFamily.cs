using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>Plans for one model from the finest to the coarsest, among which a search looks for the one that keeps a budget.</summary>
public abstract class PlanFamily
{
    /// <summary>How many there are.</summary>
    public abstract int Count { get; }

    /// <summary>The plan at a place, 0 being the finest.</summary>
    public abstract CompressionPlan At(int index);

    /// <summary>The plans that are worth a look: neither much finer than the usual one nor so coarse that nothing is left.</summary>
    protected virtual Range Telling => ..Count;

    /// <summary>Places of some plans, evenly apart.</summary>
    /// <param name="count">How many; fewer where there are not as many plans.</param>
    public int[] Spread(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        (int first, int length) = Telling.GetOffsetAndLength(Count);
        return [.. Enumerable.Range(0, count).Select(i => first + (int)((long)i * (length - 1) / (count - 1))).Distinct()];
    }

    /// <summary>The plans of the qualities 100 to 1, for which no data are needed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">All but the quality.</param>
    /// <param name="threads">Tensors looked at side by side.</param>
    public static PlanFamily OfQualities(Model model, PlanOptions options, int threads) => new Qualities(model, options, threads);

    private sealed class Qualities(Model model, PlanOptions options, int threads) : PlanFamily
    {
        public override int Count => 100;

        public override CompressionPlan At(int index) => PlanBuilder.Build(model, options with { Quality = 100 - index }, threads);
    }
}
