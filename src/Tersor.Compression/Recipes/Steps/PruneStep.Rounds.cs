using System.Globalization;
using Tersor.Compression.Pruning;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

public sealed partial record PruneStep
{
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

    private NetworkState Prune(NetworkState state, RecipeSession session, IReadOnlyList<string> names, double begin, int round)
    {
        Dictionary<string, PathIntegralParameter> paths = new(StringComparer.Ordinal);
        NetworkState before = IsCollected ? session.Fit(state, Training!, $"round-{round}", parameter => Follow(state, parameter, names, paths)) : state;
        ExecutableGraph graph = ExecutableGraph.Create(before.Graph);
        GraphParameter[] parameters = [.. graph.Parameters.Where(parameter => names.Contains(parameter.Name))];
        IReadOnlyList<float[]> scores = IsCollected ? [.. parameters.Select(parameter => PathOf(parameter, paths).Scores())] : WeightScores.Measure(graph, parameters, Importance, session, Samples);

        // What is zero stays zero, whatever the importance says of it.
        for (int t = 0; t < parameters.Length; t++)
        {
            for (int i = 0; i < scores[t].Length; i++)
            {
                if (parameters[t].Values[i] == 0) scores[t][i] = float.NegativeInfinity;
            }
        }

        IReadOnlyList<bool[]> masks = Choose(before.Graph, graph, parameters, scores, session, begin, round);
        for (int t = 0; t < parameters.Length; t++) WeightMask.Apply(masks[t], parameters[t].Values);
        NetworkState pruned = before.WithPruned(names) with { Graph = DropoutAdjustment.Apply(before.Graph, graph.ToOnnx()) };
        if (Training is null || IsCollected) return pruned;
        if (!Regrows) return session.Fit(pruned, Training, $"round-{round}");

        // What regrows needs the values from before.
        Dictionary<string, bool[]> kept = parameters.Zip(masks, (parameter, mask) => (parameter.Name, mask)).ToDictionary(StringComparer.Ordinal);
        NetworkState trained = session.Fit(
            before, Training, $"round-{round}", parameter => kept.TryGetValue(parameter.Name, out bool[]? mask) ? Regrow(before.Graph, parameter, WeightMask.CountKept(mask)) : null);
        return trained.WithPruned(names);
    }

    private ParameterFunction Regrow(OnnxGraph graph, GraphParameter parameter, int kept) =>
        PatternKeep > 0 ? new PatternParameter(parameter, Pattern(graph, parameter)) : new RegrowingParameter(parameter, kept);

    private static PathIntegralParameter? Follow(NetworkState before, GraphParameter parameter, IReadOnlyList<string> names, Dictionary<string, PathIntegralParameter> paths)
    {
        if (!names.Contains(parameter.Name)) return null;
        return paths[parameter.Name] = new PathIntegralParameter(parameter, before.Pruned.Contains(parameter.Name) ? WeightMask.OfNonZero(parameter.Values) : null);
    }

    private PathIntegralParameter PathOf(GraphParameter parameter, Dictionary<string, PathIntegralParameter> paths) =>
        paths.GetValueOrDefault(parameter.Name) ?? throw new RecipeException(Name, [$"'{parameter.Name}' is not trained, and has no path; exclude it"]);

    private IReadOnlyList<bool[]> Choose(
        OnnxGraph before, ExecutableGraph graph, GraphParameter[] parameters, IReadOnlyList<float[]> scores, RecipeSession session, double begin, int round)
    {
        if (PatternKeep > 0) return [.. parameters.Select((parameter, t) => Pattern(before, parameter).MaskOf(scores[t]))];
        if (Threshold > 0) return [.. parameters.Select(parameter => Below(parameter, session, round))];
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
                    scores, [.. parameters.Select(parameter => PruningSchedules.SparsityAfter(Schedule, begin, Math.Max(begin, Layers.Of(parameter.Name, Sparsity)), round, Rounds))]);
        }
    }

    private bool[] Below(GraphParameter parameter, RecipeSession session, int round)
    {
        double threshold = PruningSchedules.ThresholdAfter(Schedule, Layers.Of(parameter.Name, Threshold), round, Rounds);
        bool[] isKept = WeightMask.AboveDeviations(parameter.Values, threshold);
        session.Note(string.Create(CultureInfo.InvariantCulture, $"{parameter.Name}: {1 - ((double)WeightMask.CountKept(isKept) / isKept.Length):P1} zeros"));
        return isKept;
    }

    private WeightPattern Pattern(OnnxGraph graph, GraphParameter parameter) => WeightPattern.Along(graph, parameter.Name, parameter.Shape, PatternKeep, PatternOf);
}
