using System.Globalization;
using Tersor.Compression.Pruning;
using Tersor.Compression.Tickets;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>
/// Looks for a lottery ticket in an untrained network: train, prune the smallest part of what is left, put the survivors back to where they began, and again; at last train what is left.
/// </summary>
public sealed record LotteryTicketStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "lottery-ticket";

    /// <summary>Which weights.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>The share of what is left that a round prunes.</summary>
    public double Share { get; init; } = 0.2;

    /// <summary>Rounds.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Whether weights of all layers are compared, for deep networks; otherwise each layer gives the same share.</summary>
    public bool IsGlobal { get; init; }

    /// <summary>Where survivors go back to.</summary>
    public RewindTarget Rewind { get; init; } = RewindTarget.Initial;

    /// <summary>With <see cref="RewindTarget.Early"/>, epochs of the training before the weights that survivors go back to.</summary>
    public int EarlyEpochs { get; init; } = 1;

    /// <inheritdoc/>
    public override TrainingRecipe Fit => Training ?? NetworkRecipes.For("lenet-300-100");

    /// <inheritdoc/>
    public override double EpochsFor(OnnxGraph graph, OnnxGraph first) => ((Rounds + 1) * Fit.Epochs) + (Rewind == RewindTarget.Early ? EarlyEpochs : 0);

    /// <inheritdoc/>
    public override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"lottery-ticket: {Selection}, {Rounds} rounds of {Share:P0} {(IsGlobal ? "over all layers" : "of each layer")}, back to {Rewind}{(Rewind == RewindTarget.Early ? $" after {EarlyEpochs} epochs" : "")}; {TrainingKeys.Text(Fit)}");

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => Selection.Check(graph);

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        IReadOnlyList<string> names = Selection.Of(state.Graph);
        NetworkState initial = Rewind == RewindTarget.Early
            ? session.Part("early", state, before => session.Fit(before, Fit with { Epochs = EarlyEpochs, Schedule = ScheduleKind.Constant }, "early"))
            : state;
        NetworkState current = initial;
        for (int round = 0; round <= Rounds; round++)
        {
            string name = $"round-{round}";
            NetworkState start = current;
            NetworkState trained = session.Part(name, start, before => session.Fit(before, Fit, name));
            Tell(session, trained, names, round);
            if (round == Rounds) return trained;
            current = PutBack(initial, Prune(trained, names), session);
        }

        return current;
    }

    internal static LotteryTicketStep Read(RecipeMapping mapping)
    {
        LotteryTicketStep usual = new();
        return new LotteryTicketStep
        {
            Selection = LayerSelection.Read(mapping),
            Share = mapping.Real("share", usual.Share, 0.001, 0.999),
            Rounds = mapping.Integer("rounds", usual.Rounds, 0, 1000),
            IsGlobal = mapping.Choice("scope", false, [("layer", false), ("global", true)]),
            Rewind = mapping.Choice(
                "rewind", usual.Rewind, [("initial", RewindTarget.Initial), ("early", RewindTarget.Early), ("signs", RewindTarget.Signs), ("random", RewindTarget.Random)]),
            EarlyEpochs = mapping.Integer("early-epochs", usual.EarlyEpochs, 1, 100_000),
            Training = TrainingKeys.Nested(mapping, NetworkRecipes.For("lenet-300-100")),
        };
    }

    private static void Tell(RecipeSession session, NetworkState state, IReadOnlyList<string> names, int round)
    {
        long all = 0;
        long kept = 0;
        foreach (Models.Tensor tensor in state.Graph.Initializers.Where(tensor => names.Contains(tensor.Name)))
        {
            all += tensor.ElementCount;
            kept += WeightMask.CountKept(WeightMask.OfNonZero(tensor.ReadSingles()));
        }

        Evaluation judged = session.Judge(state);
        session.Note(string.Create(CultureInfo.InvariantCulture, $"round {round}: {(double)kept / Math.Max(1, all):P1} of the weights left, {judged.Top1:P2} of the held-out samples right"));
    }

    private NetworkState Prune(NetworkState trained, IReadOnlyList<string> names)
    {
        ExecutableGraph graph = ExecutableGraph.Create(trained.Graph);
        GraphParameter[] parameters = [.. graph.Parameters.Where(parameter => names.Contains(parameter.Name))];
        float[][] scores = [.. parameters.Select(parameter => Array.ConvertAll(parameter.Values, MathF.Abs))];
        double[] zeros = [.. scores.Select(layer => (double)layer.Count(score => score == 0) / layer.Length)];
        long all = scores.Sum(layer => (long)layer.Length);
        double whole = scores.Select((layer, t) => zeros[t] * layer.Length).Sum() / all;
        IReadOnlyList<bool[]> masks = IsGlobal
            ? PruningAllocation.Globally(scores, 1 - ((1 - whole) * (1 - Share)))
            : PruningAllocation.ByLayer(scores, [.. zeros.Select(zero => 1 - ((1 - zero) * (1 - Share)))]);
        for (int t = 0; t < parameters.Length; t++) WeightMask.Apply(masks[t], parameters[t].Values);
        return trained.WithPruned(names) with { Graph = graph.ToOnnx() };
    }

    private NetworkState PutBack(NetworkState initial, NetworkState pruned, RecipeSession session) => pruned with
    {
        Graph = Rewind switch
        {
            RewindTarget.Signs => TicketWeights.Signs(initial.Graph, pruned.Graph, pruned.Pruned),
            RewindTarget.Random => TicketWeights.Masked(WeightInitialization.Apply(initial.Graph, RandomStream.Derive(session.Seed, "random ticket")), pruned.Graph, pruned.Pruned),
            _ => TicketWeights.Masked(initial.Graph, pruned.Graph, pruned.Pruned),
        },
    };
}
