using Tersor.Engine.Training;

namespace Tersor.Compression.Budgets.Searches;

/// <summary>
/// Bayesian optimization with a constraint (Gardner et al. 2014) in few dimensions: the places of up to four joined groups around the slope's plan, and the weight of the bits. Gaussian
/// processes foretell objective and excess of plans; the one with the largest expected improvement, times the probability that it keeps the goal, is tried next.
/// </summary>
public sealed class BayesianSearch : PlanSearch
{
    private const int MostGroups = 4;
    private const int PlacesOctaves = 2;
    private const int Candidates = 512;
    private const double LeastLambda = 0.25;
    private const double LambdaOctaves = 3;

    /// <inheritdoc/>
    public override string Name => "bayesian";

    /// <inheritdoc/>
    public override string Description => "join tensors to four groups at most, and let Gaussian processes say which plan to try next";

    /// <inheritdoc/>
    protected override int UsualTrials(PlanSpace space) => SlopeSearch.LineTrials + 56;

    /// <inheritdoc/>
    protected override void Explore(SearchRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.Space.Groups.Count == 0 || SlopeSearch.FindOnLine(run) is not { } edge) return;
        Experiment experiment = new(run, run.Space.Joined(MostGroups), edge);
        bool goesOn = experiment.Begin();
        while (goesOn) goesOn = experiment.Improve();
    }

    private sealed class Experiment
    {
        private readonly SearchRun _run;
        private readonly PlanSpace _space;
        private readonly int _edge;
        private readonly int _dimensions;
        private readonly HashSet<string> _tried = new(StringComparer.Ordinal);
        private readonly List<double[]> _points = [];
        private readonly List<BudgetTrial> _trials = [];
        private RandomStream _random;

        public Experiment(SearchRun run, PlanSpace space, int edge)
        {
            (_run, _space, _edge) = (run, space, edge);
            _dimensions = space.Groups.Count + (space.VariesLambda ? 1 : 0);
            _random = new RandomStream(run.Seed, "bayesian");
        }

        // The slope's plan, then points by chance around it, some finer to be sure of plans that keep the goal.
        public bool Begin()
        {
            double[] middle = new double[_dimensions];
            Array.Fill(middle, 0.5);
            if (_space.VariesLambda) middle[^1] = -Math.Log2(LeastLambda) / LambdaOctaves;
            if (!Try(middle)) return false;
            for (int i = 0; i < 2 * _dimensions; i++)
            {
                if (!Try(Near(middle, 0.15))) return false;
            }

            return true;
        }

        // False where trials are over, or nothing new is worth one.
        public bool Improve()
        {
            GaussianProcess objective = new(_points, [.. _trials.Select(_run.Goal.Objective)]);
            GaussianProcess excess = new(_points, [.. _trials.Select(_run.Goal.Excess)]);
            int best = Enumerable.Range(0, _trials.Count).Aggregate((first, second) => _run.Goal.Compare(_trials[second], _trials[first]) < 0 ? second : first);
            double? toBeat = _run.Goal.Keeps(_trials[best]) ? _run.Goal.Objective(_trials[best]) : null;
            (double most, double[]? next) = (0, null);
            for (int i = 0; i < Candidates; i++)
            {
                double[] candidate = i % 2 == 0 ? Near(_points[best], 0.1) : Anywhere();
                if (_tried.Contains(Key(candidate))) continue;
                double merit = ProbabilityOfKeeping(excess.At(candidate)) * (toBeat is double target ? ExpectedImprovement(objective.At(candidate), target) : 1);
                if (merit > most) (most, next) = (merit, candidate);
            }

            return next is not null && Try(next);
        }

        private static double ProbabilityOfKeeping((double Mean, double Deviation) excess) => NormalDistribution.Below(-excess.Mean / excess.Deviation);

        private static double ExpectedImprovement((double Mean, double Deviation) value, double target)
        {
            double z = (target - value.Mean) / value.Deviation;
            return ((target - value.Mean) * NormalDistribution.Below(z)) + (value.Deviation * NormalDistribution.Density(z));
        }

        private bool Try(double[] point)
        {
            if (_run.Try(_space.At(Settings(point))) is not { } trial) return false;
            if (!_tried.Add(Key(point))) return true;
            _points.Add(point);
            _trials.Add(trial);
            return true;
        }

        private string Key(double[] point) => string.Join(' ', Settings(point));

        private GroupSetting[] Settings(double[] point)
        {
            // An eighth of an octave of the weight of the bits is as little as matters.
            double lambda = _space.VariesLambda ? LeastLambda * Math.Pow(2, Math.Round(point[^1] * LambdaOctaves * 8) / 8) : 1;
            int span = PlacesOctaves * _space.Line.PlacesPerOctave;
            return [.. _space.Groups.Select((_, group) => new GroupSetting(_space.Clamp(_edge + Stepped((point[group] - 0.5) * 2 * span)), lambda))];
        }

        private int Stepped(double places)
        {
            int step = Math.Max(1, _space.PlacesPerStep / 2);
            return (int)Math.Round(places / step) * step;
        }

        private double[] Near(double[] point, double deviation)
        {
            double[] near = new double[_dimensions];
            for (int i = 0; i < near.Length; i++) near[i] = Math.Clamp(point[i] + (deviation * _random.NextGaussian()), 0, 1);
            return near;
        }

        private double[] Anywhere()
        {
            double[] anywhere = new double[_dimensions];
            for (int i = 0; i < anywhere.Length; i++) anywhere[i] = _random.NextSingle();
            return anywhere;
        }
    }
}
