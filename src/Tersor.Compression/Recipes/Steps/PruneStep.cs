using System.Globalization;
using Tersor.Compression.Pruning;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Sets the weights that matter least to zero, round by round with training in between, and keeps them zero in all later steps.</summary>
public sealed record PruneStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "prune";

    /// <summary>Which weights.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>What says how much a weight matters.</summary>
    public WeightImportance Importance { get; init; } = WeightImportance.Magnitude;

    /// <summary>The share of zeros at the end: 0 to 1.</summary>
    public double Sparsity { get; init; } = 0.8;

    /// <summary>Shares of zeros of single layers, by pattern; the last that matches counts, and <see cref="Sparsity"/> for the others. Only with <see cref="PruningScope.Layer"/>.</summary>
    public IReadOnlyList<(string Pattern, double Value)> Layers { get; init; } = [];

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

    /// <summary>Whether pruned weights learn on and come back when they have grown (dynamic network surgery).</summary>
    public bool Regrows { get; init; }

    /// <summary>Samples that importances are measured on.</summary>
    public int Samples { get; init; } = 2048;

    /// <inheritdoc/>
    public override double Epochs => Rounds * base.Epochs;

    /// <inheritdoc/>
    public override string Describe()
    {
        string what = PatternKeep > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{PatternKeep} of {PatternOf} stay")
            : Tolerance > 0
                ? string.Create(CultureInfo.InvariantCulture, $"as much as costs each layer {Tolerance} points")
                : string.Create(CultureInfo.InvariantCulture, $"{Sparsity:P1} zeros");
        string layers = Layers.Count == 0 ? "" : ", " + string.Join(", ", Layers.Select(layer => string.Create(CultureInfo.InvariantCulture, $"{layer.Pattern} {layer.Value:P1}")));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"prune: {Selection}, {what}{layers}, by {WeightImportances.NameOf(Importance)} ({Samples} samples), {Scope}, {Schedule}, {Rounds} rounds{(Regrows ? ", regrowing" : "")}; {(Training is null ? "no training" : TrainingKeys.Text(Training))}");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session)
    {
        foreach (string problem in Selection.Check(graph)) yield return problem;
        foreach ((string pattern, _) in Layers)
        {
            if (LayerSelection.Problem(pattern, graph) is { } problem) yield return problem;
        }

        if (Sparsity >= 1) yield return "a sparsity of 1 leaves no weight; ask for less";
        foreach ((string pattern, double value) in Layers)
        {
            if (value >= 1) yield return $"a sparsity of 1 for '{pattern}' leaves a layer without a weight; ask for less";
        }

        if (Layers.Count > 0 && Scope != PruningScope.Layer) yield return "layers have shares of their own only with scope layer";
        if (Tolerance > 0 && Scope != PruningScope.Sensitivity) yield return "a tolerance is for scope sensitivity";
        if (Rounds > 1 && Training is null) yield return "several rounds prune what one would unless there is training between them; add train, or drop rounds";
        if (Regrows && Training is null) yield return "nothing regrows without training; add train, or drop regrow";
        if (Regrows && PatternKeep > 0) yield return "what regrows follows no pattern; drop regrow or pattern";
    }

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        IReadOnlyList<string> names = Selection.Of(state.Graph);
        double begin = ZeroShare(state.Graph, names);
        for (int round = 1; round <= Rounds; round++)
        {
            int number = round;
            state = session.Part($"round-{number}", state, before => Prune(before, session, names, begin, number));
        }

        return state;
    }

    internal static PruneStep Read(RecipeMapping mapping)
    {
        PruneStep usual = new();
        (int keep, int of) = ReadPattern(mapping);
        PruningSchedule schedule = mapping.Choice(
            "schedule", PruningSchedule.OneShot, [("one-shot", PruningSchedule.OneShot), ("iterative", PruningSchedule.Iterative), ("cubic", PruningSchedule.Cubic)]);
        return new PruneStep
        {
            Selection = LayerSelection.Read(mapping),
            Importance = mapping.Choice("importance", usual.Importance, [.. WeightImportances.All.Select(entry => (entry.Name, entry.Importance))]),
            Sparsity = mapping.Real("sparsity", usual.Sparsity, 0, 1),
            Layers = mapping.Reals("layers", 0, 1),
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

    private static double ZeroShare(OnnxGraph graph, IReadOnlyList<string> names)
    {
        long zeros = 0;
        long all = 0;
        foreach (Tensor tensor in graph.Initializers.Where(tensor => names.Contains(tensor.Name)))
        {
            float[] values = tensor.ReadSingles();
            all += values.Length;
            foreach (float value in values) zeros += value == 0 ? 1 : 0;
        }

        return all == 0 ? 0 : (double)zeros / all;
    }

    private NetworkState Prune(NetworkState before, RecipeSession session, IReadOnlyList<string> names, double begin, int round)
    {
        ExecutableGraph graph = ExecutableGraph.Create(before.Graph);
        GraphParameter[] parameters = [.. graph.Parameters.Where(parameter => names.Contains(parameter.Name))];
        IReadOnlyList<float[]> scores = WeightScores.Measure(graph, parameters, Importance, session, Samples);

        // What is zero stays zero, whatever the importance says of it.
        for (int t = 0; t < parameters.Length; t++)
        {
            for (int i = 0; i < scores[t].Length; i++)
            {
                if (parameters[t].Values[i] == 0) scores[t][i] = -1;
            }
        }

        IReadOnlyList<bool[]> masks = Choose(before.Graph, graph, parameters, scores, session, begin, round);
        for (int t = 0; t < parameters.Length; t++) WeightMask.Apply(masks[t], parameters[t].Values);
        NetworkState pruned = before.WithPruned(names) with { Graph = DropoutAdjustment.Apply(before.Graph, graph.ToOnnx()) };
        if (Training is null) return pruned;
        if (!Regrows) return session.Fit(pruned, Training, $"round-{round}");

        // What regrows needs the values from before.
        Dictionary<string, int> kept = parameters.Zip(masks, (parameter, mask) => (parameter.Name, Count: WeightMask.CountKept(mask))).ToDictionary(StringComparer.Ordinal);
        NetworkState trained = session.Fit(
            before, Training, $"round-{round}", parameter => kept.TryGetValue(parameter.Name, out int count) ? new RegrowingParameter(parameter, count) : null);
        return trained.WithPruned(names);
    }

    private IReadOnlyList<bool[]> Choose(
        OnnxGraph before, ExecutableGraph graph, GraphParameter[] parameters, IReadOnlyList<float[]> scores, RecipeSession session, double begin, int round)
    {
        if (PatternKeep > 0) return [.. parameters.Select((parameter, t) => Pattern(before, parameter, scores[t]))];
        double end = Math.Max(begin, Sparsity);
        double sparsity = PruningSchedules.SparsityAfter(Schedule, begin, end, round, Rounds);
        switch (Scope)
        {
            case PruningScope.Global:
                return PruningAllocation.Globally(Importance == WeightImportance.Magnitude ? PruningAllocation.Normalize(scores) : scores, sparsity);
            case PruningScope.ErdosRenyi:
                return PruningAllocation.ByLayer(scores, PruningAllocation.ErdosRenyi([.. parameters.Select(parameter => parameter.Shape)], sparsity));
            case PruningScope.Sensitivity:
                IReadOnlyList<LayerSensitivity> layers = SensitivityScan.Measure(graph, parameters, scores, session, Samples);
                IReadOnlyList<double> shares = Tolerance > 0 ? SensitivityScan.ForTolerance(layers, Tolerance / 100) : SensitivityScan.ForSparsity(layers, sparsity);
                for (int t = 0; t < parameters.Length; t++) session.Note(string.Create(CultureInfo.InvariantCulture, $"{parameters[t].Name}: {shares[t]:P1} zeros"));
                return PruningAllocation.ByLayer(scores, shares);
            default:
                return PruningAllocation.ByLayer(
                    scores, [.. parameters.Select(parameter => PruningSchedules.SparsityAfter(Schedule, begin, Math.Max(begin, LayerSelection.Last(Layers, parameter.Name) ?? Sparsity), round, Rounds))]);
        }
    }

    private bool[] Pattern(OnnxGraph graph, GraphParameter parameter, float[] scores)
    {
        int axis = InputAxis.Of(graph, parameter.Name);
        int stride = 1;
        for (int d = axis + 1; d < parameter.Shape.Rank; d++) stride *= (int)parameter.Shape[d];
        return WeightMask.OfPattern(scores, stride, (int)parameter.Shape[axis], PatternKeep, PatternOf);
    }
}
