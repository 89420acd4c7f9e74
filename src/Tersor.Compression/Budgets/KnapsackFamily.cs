using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>For each sum of what groups of tensors cost alone, the plan of the least bytes: from sums of 0 on, and before those the first plan with finer steps.</summary>
public sealed class KnapsackFamily : PlanFamily
{
    // Costs are rounded up to units, of which a sum may have so many, beside one for each group.
    private const int Units = 1 << 13;

    // What costs nothing alone, as far as could be measured, may still cost something together.
    private const int FinerOctaves = 3;

    private readonly PlanSpace _space;
    private readonly List<GroupSetting[]> _choices = [];

    /// <summary>Solves for all sums.</summary>
    /// <param name="space">The groups.</param>
    /// <param name="assessments">Of all of them.</param>
    /// <param name="cost">What of an assessed step adds up; less than 0 counts as 0.</param>
    /// <param name="most">The largest sum that matters.</param>
    public KnapsackFamily(PlanSpace space, IReadOnlyList<GroupAssessment> assessments, Func<AssessedStep, double> cost, double most)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(assessments);
        ArgumentNullException.ThrowIfNull(cost);
        _space = space;
        AssessedStep[][] steps = [.. assessments.OrderBy(group => group.Group).Select(group => group.Filled(space.PlacesPerStep).ToArray())];
        double[][] costs = [.. steps.Select(group => Rising(group, cost))];
        most = Math.Min(most, costs.Sum(group => group.Max()));
        double unit = most > 0 ? most / Units : 1;
        int largest = Units + steps.Length;
        Knapsack knapsack = new(
            [.. steps.Zip(costs, (group, prices) => group.Select((step, i) => new KnapsackOption(step.Bytes, (int)Math.Min(largest + 1, Math.Ceiling(prices[i] / unit)))).ToArray())], largest);
        for (int budget = 0; budget <= largest; budget++)
        {
            if (knapsack.Choose(budget) is not { } chosen) continue;
            GroupSetting[] choice = [.. chosen.Select((option, group) => steps[group][option].Setting)];
            if (_choices.Count == 0 || !choice.AsSpan().SequenceEqual(_choices[^1])) _choices.Add(choice);
        }

        if (_choices.Count == 0) _choices.Add([.. steps.Select(group => group[0].Setting)]);
        AddFiner();
    }

    /// <inheritdoc/>
    public override int Count => _choices.Count;

    /// <inheritdoc/>
    public override CompressionPlan At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _space.At(_choices[index]);
    }

    // Coarser steps do not cost less: where they were measured to, that was chance. A step is taken to cost no less than finer ones of the same weight of the bits.
    private static double[] Rising(AssessedStep[] steps, Func<AssessedStep, double> cost)
    {
        double[] costs = new double[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            costs[i] = Math.Max(0, cost(steps[i]));
            if (i > 0 && steps[i].Setting.LambdaFactor == steps[i - 1].Setting.LambdaFactor) costs[i] = Math.Max(costs[i], costs[i - 1]);
        }

        return costs;
    }

    private void AddFiner()
    {
        GroupSetting[] first = _choices[0];
        int half = Math.Max(1, _space.Line.PlacesPerOctave / 2);
        for (int places = half; places <= FinerOctaves * _space.Line.PlacesPerOctave; places += half)
            _choices.Insert(0, [.. first.Select(setting => setting with { Place = _space.Clamp(setting.Place - places) })]);
    }
}
