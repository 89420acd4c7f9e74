using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Plans;

namespace Tersor.Compression.Tests.Budgets;

/// <summary>
/// A model of three tensors whose bytes and losses are formulas of their places: bytes shrink at other rates than those at which distances grow, so that the best plan is not on
/// the line, and every plan can be tried to know it.
/// </summary>
internal sealed class SyntheticTrials : IPlanTrials
{
    public const int Places = 25;

    /// <summary>Samples that a plan is judged on widely, for one of those that it is judged on.</summary>
    public const int WideFactor = 9;

    private const int Samples = 100_000;
    private static readonly double[] Sizes = [9000, 4000, 1000];
    private static readonly double[] Rates = [0.9, 0.35, 0.6];
    private static readonly double[] Costs = [2e-5, 1e-4, 3e-6];

    /// <summary>Trials made.</summary>
    public int Count { get; private set; }

    /// <summary>Called before each trial.</summary>
    public Action<int> Before { get; init; } = _ => { };

    /// <summary>The fraction of right answers that a distance costs.</summary>
    public Func<double, double> Losing { get; init; } = InProportion;

    /// <summary>The distance on the samples that a plan is judged on widely.</summary>
    public Func<double, double> WideDistance { get; init; } = distance => distance;

    public static PlanSpace Space { get; } = new(new Line(lambda: 0), [["a"], ["b"], ["c"]]);

    /// <summary>The same with a weight of the bits, of which more takes bytes away and adds distance.</summary>
    public static PlanSpace RatedSpace { get; } = new(new Line(lambda: 1), [["a"], ["b"], ["c"]]);

    public BudgetTrial Judge(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        Begin(cancellationToken);
        return Of(plan, Losing);
    }

    public BudgetTrial JudgeWidely(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        BudgetTrial trial = Judge(plan, cancellationToken);
        AnswerChange change = trial.Change!;
        return trial with { Change = change with { Distance = WideDistance(change.Distance), Samples = WideFactor * Samples, Same = WideFactor * change.Same, Lost = WideFactor * change.Lost } };
    }

    public BudgetTrial Measure(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, cancellationToken) with { Change = null };

    public BudgetTrial Assess(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, cancellationToken);

    /// <summary>What serves a goal best of all plans that there are.</summary>
    public static BudgetTrial Best(SearchGoal goal)
    {
        BudgetTrial? best = null;
        for (int i = 0; i < Places * Places * Places; i++)
        {
            BudgetTrial trial = Of(Space.At([new GroupSetting(i % Places), new GroupSetting(i / Places % Places), new GroupSetting(i / Places / Places)]), InProportion);
            if (best is null || goal.Compare(trial, best) < 0) best = trial;
        }

        return best!;
    }

    private static double InProportion(double distance) => Math.Min(0.9, distance);

    private static BudgetTrial Of(CompressionPlan plan, Func<double, double> losing)
    {
        (double bytes, double distance) = (20, 0);
        foreach (TensorPlan tensor in plan.Tensors)
        {
            int group = tensor.Name[0] - 'a';
            double factor = tensor.Lambda > 0 ? tensor.Lambda : 1;
            bytes += Sizes[group] * Math.Pow(2, -Rates[group] * tensor.Qp / 4) * Math.Pow(factor, -0.1);
            distance += Costs[group] * Math.Pow(2, tensor.Qp / 2.0) * Math.Pow(factor, 0.3);
        }

        int lost = (int)(Samples * losing(distance));
        return new BudgetTrial(plan, (long)bytes, new AnswerChange(Samples, distance, distance, Samples - lost, lost, 0));
    }

    private void Begin(CancellationToken cancellationToken)
    {
        Before(Count);
        cancellationToken.ThrowIfCancellationRequested();
        Count++;
    }

    private sealed class Line(double lambda) : PlanLine
    {
        public override int Count => Places;

        public override int PlacesPerOctave => 4;

        public override int Start => Places / 2;

        public override CompressionPlan At(int index) => new() { Tensors = [.. "abc".Select(name => new TensorPlan { Name = $"{name}", Method = TensorMethod.Uniform, Qp = index, Lambda = lambda })] };
    }
}
