using System.Globalization;
using Tersor.Compression.Pruning;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Sets the weights that matter least to zero, round by round with training in between, and keeps them zero in all later steps.</summary>
public sealed partial record PruneStep : RecipeStep
{
    // Standard deviations: beyond the upper one no weight of a trained layer is left.
    private const double LeastThreshold = 0.001;
    private const double MostThreshold = 100;

    /// <inheritdoc/>
    public override string Name => "prune";

    /// <summary>Which weights.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>What says how much a weight matters.</summary>
    public WeightImportance Importance { get; init; } = WeightImportance.Magnitude;

    /// <summary>The share of zeros at the end: 0 to 1.</summary>
    public double Sparsity { get; init; } = 0.8;

    /// <summary>
    /// In place of <see cref="Sparsity"/>: weights go whose size is at most so many standard deviations of their layer, zeros counted in (Han et al. 2015); 0 for a share of zeros instead. Over rounds it grows as
    /// the share would. Each layer keeps a weight at least.
    /// </summary>
    public double Threshold { get; init; }

    /// <summary>Shares of zeros of single layers, or their thresholds where there is a <see cref="Threshold"/>. Only with <see cref="PruningScope.Layer"/>.</summary>
    public LayerValues Layers { get; init; } = LayerValues.None;

    /// <summary>How the share of zeros is divided among layers.</summary>
    public PruningScope Scope { get; init; } = PruningScope.Layer;

    /// <summary>With <see cref="PruningScope.Sensitivity"/>, the points of top-1 that a layer alone may lose, from which its share follows in place of <see cref="Sparsity"/>; 0 for none.</summary>
    public double Tolerance { get; init; }

    /// <summary>How the share grows.</summary>
    public PruningSchedule Schedule { get; init; } = PruningSchedule.OneShot;

    /// <summary>Rounds of pruning and training.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>N of N:M: so many of each run of <see cref="PatternOf"/> weights along the inputs stay; 0 for no pattern.</summary>
    public int PatternKeep { get; init; }

    /// <summary>M of N:M.</summary>
    public int PatternOf { get; init; }

    /// <summary>Whether pruned weights learn on and come back when they have grown: dynamic network surgery, with a pattern SR-STE, which chooses anew at every step (<see cref="PatternParameter"/>).</summary>
    public bool Regrows { get; init; }

    /// <summary>Samples that importances are measured on.</summary>
    public int Samples { get; init; } = 2048;

    /// <inheritdoc/>
    public override double EpochsFor(OnnxGraph graph, OnnxGraph first) => (Rounds + (IsCollected ? 1 : 0)) * base.EpochsFor(graph, first);

    // Importances that a training collects want one before each pruning, and what is left wants one at the end.
    private bool IsCollected => Importance == WeightImportance.LifelongPath;

    /// <inheritdoc/>
    public override string Describe()
    {
        string what = PatternKeep > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{PatternKeep} of {PatternOf} stay")
            : Tolerance > 0
                ? string.Create(CultureInfo.InvariantCulture, $"as much as costs each layer {Tolerance} points")
                : Threshold > 0
                    ? string.Create(CultureInfo.InvariantCulture, $"up to {Threshold} standard deviations")
                    : string.Create(CultureInfo.InvariantCulture, $"{Sparsity:P1} zeros");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"prune: {Selection}, {what}{Layers.Text(Threshold > 0 ? "" : "P1")}, by {WeightImportances.NameOf(Importance)} ({Samples} samples), {Scope}, {Schedule}, {Rounds} rounds{(Regrows ? ", regrowing" : "")}; {(Training is null ? "no training" : TrainingKeys.Text(Training))}");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session)
    {
        foreach (string problem in Selection.Check(graph).Concat(Layers.Check(graph))) yield return problem;
        if (Layers.Entries.Count > 0 && Scope != PruningScope.Layer) yield return "layers have numbers of their own only with scope layer";
        if (Tolerance > 0 && Scope != PruningScope.Sensitivity) yield return "a tolerance is for scope sensitivity";
        if (Rounds > 1 && Training is null) yield return "several rounds prune what one would unless there is training between them; add train, or drop rounds";
        if (Regrows && Training is null) yield return "nothing regrows without training; add train, or drop regrow";
        if (Regrows && PatternKeep > 0 && Importance != WeightImportance.Magnitude) yield return "what regrows in a pattern is chosen by magnitude; drop importance or regrow";
        if (IsCollected && Training is null) yield return "lifelong-path is collected in a training, which the step does before it prunes; add train";
        if (IsCollected && Training is { AverageDecay: > 0 }) yield return "lifelong-path follows the weights themselves; drop average";
        if (IsCollected && Regrows) yield return "lifelong-path trains before it prunes, regrow after; drop one";
        foreach (string problem in Threshold > 0 ? CheckThreshold() : CheckShares()) yield return problem;
    }

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        IReadOnlyList<string> names = Selection.Of(state.Graph);
        if (IsCollected && names.Any(state.Shared.Contains)) throw new RecipeException(Name, ["weights that share values have no paths of their own; put the step before share"]);
        double begin = ZeroShare(state.Graph, names);
        for (int round = 1; round <= Rounds; round++)
        {
            int number = round;
            state = session.Part($"round-{number}", state, before => Prune(before, session, names, begin, number));
        }

        return IsCollected ? session.Part("last", state, before => session.Fit(before, Training!, "last")) : state;
    }

    internal static PruneStep Read(RecipeMapping mapping)
    {
        PruneStep usual = new();
        (int keep, int of) = ReadPattern(mapping);
        bool hasThreshold = mapping.Has("threshold");
        if (hasThreshold && mapping.Has("sparsity")) mapping.Problem("has threshold and sparsity, each of which says how many weights go; drop one");
        PruningSchedule schedule = mapping.Choice(
            "schedule", PruningSchedule.OneShot, [("one-shot", PruningSchedule.OneShot), ("iterative", PruningSchedule.Iterative), ("cubic", PruningSchedule.Cubic)]);
        return new PruneStep
        {
            Selection = LayerSelection.Read(mapping),
            Importance = mapping.Choice("importance", usual.Importance, [.. WeightImportances.All.Select(entry => (entry.Name, entry.Importance))]),
            Sparsity = mapping.Real("sparsity", usual.Sparsity, 0, 1),
            Threshold = mapping.Real("threshold", 0, LeastThreshold, MostThreshold),
            Layers = hasThreshold ? LayerValues.Read(mapping, 0, MostThreshold) : LayerValues.Read(mapping, 0, 1),
            Scope = mapping.Choice(
                "scope",
                usual.Scope,
                [("layer", PruningScope.Layer), ("global", PruningScope.Global), ("erdos-renyi", PruningScope.ErdosRenyi), ("sensitivity", PruningScope.Sensitivity)]),
            Tolerance = mapping.Real("tolerance", 0, 0, 100),
            Schedule = schedule,
            Rounds = mapping.Integer("rounds", schedule == PruningSchedule.OneShot ? 1 : 5, 1, 1000),
            PatternKeep = keep,
            PatternOf = of,
            Regrows = mapping.Flag("regrow", false),
            Samples = mapping.Integer("samples", usual.Samples, 1, int.MaxValue),
            Training = TrainingKeys.Nested(mapping, TrainingRecipe.FineTuning with { Epochs = 2 }),
        };
    }

    private static (int Keep, int Of) ReadPattern(RecipeMapping mapping)
    {
        if (mapping.Text("pattern") is not { } text) return (0, 0);
        string[] parts = text.Split(':');
        if (parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int keep)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int of)
            && keep >= 1
            && of > keep
            && of <= 256)
        {
            return (keep, of);
        }

        mapping.Problem($"has the pattern '{text}'; write N:M, such as \"2:4\" in quotes, with N from 1 and below M, M at most 256");
        return (0, 0);
    }

    private IEnumerable<string> CheckShares()
    {
        if (Sparsity >= 1) yield return "a sparsity of 1 leaves no weight; ask for less";
        foreach ((string pattern, double value) in Layers.Entries)
        {
            if (value >= 1) yield return $"a sparsity of 1 for '{pattern}' leaves a layer without a weight; ask for less";
        }
    }

    private IEnumerable<string> CheckThreshold()
    {
        if (Importance != WeightImportance.Magnitude) yield return "a threshold is of magnitudes; drop importance, or say sparsity";
        if (Scope != PruningScope.Layer) yield return "a threshold is of each layer's own deviation; drop scope, or say sparsity";
        if (PatternKeep > 0) yield return "a pattern says how many weights stay; drop threshold or pattern";
    }
}
