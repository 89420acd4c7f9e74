using System.Collections.Frozen;
using System.Globalization;
using Tersor.Compression.Sensitivity;
using Tersor.Compression.Sharing;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;
using Tersor.Quantization;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Weight sharing: weights that are not zero come to have few values, which are trained further by the sums of their members' gradients.</summary>
public sealed record ShareStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "share";

    /// <summary>Which weights.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>Values of each layer beside zero.</summary>
    public int Clusters { get; init; } = 32;

    /// <summary>Values of single layers.</summary>
    public LayerValues Layers { get; init; } = LayerValues.None;

    /// <summary>Where k-means starts.</summary>
    public CentroidInitialization Initialization { get; init; } = CentroidInitialization.Linear;

    /// <summary>Whether clusters follow the weights of high Fisher information.</summary>
    public bool IsFisherWeighted { get; init; }

    /// <summary>Samples that the information is estimated on.</summary>
    public int Samples { get; init; } = 2048;

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override string Describe()
    {
        string weighting = IsFisherWeighted ? string.Create(CultureInfo.InvariantCulture, $", weighted by Fisher information ({Samples} samples)") : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"share: {Selection}, {Clusters} values{Layers.Text()}, from {Initialization}{weighting}; {(Training is null ? "no training" : TrainingKeys.Text(Training))}");
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => Selection.Check(graph).Concat(Layers.CheckCounts(graph, "values"));

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        NetworkState shared = session.Part("cluster", state, before => Cluster(before, session));
        return Training is null ? shared : session.Part("fit", shared, before => session.Fit(before, Training, "fit"));
    }

    internal static ShareStep Read(RecipeMapping mapping) => new()
    {
        Selection = LayerSelection.Read(mapping),
        Clusters = mapping.Integer("clusters", 32, 1, 65_536),
        Layers = LayerValues.Read(mapping, 1, 65_536),
        Initialization = mapping.Choice(
            "initialization",
            CentroidInitialization.Linear,
            [("linear", CentroidInitialization.Linear), ("density", CentroidInitialization.Density), ("forgy", CentroidInitialization.Random)]),
        IsFisherWeighted = mapping.Choice("weighting", false, [("none", false), ("fisher", true)]),
        Samples = mapping.Integer("samples", 2048, 1, int.MaxValue),
        Training = TrainingKeys.Nested(mapping, TrainingRecipe.FineTuning with { Epochs = 2, LearningRate = 1e-4 }),
    };

    private NetworkState Cluster(NetworkState before, RecipeSession session)
    {
        FisherInformation? fisher = IsFisherWeighted
            ? new FisherEstimator(
                ExecutableGraph.Create(before.Graph), session.Train, session.Preprocessing, new FisherOptions { Samples = Samples, Seed = session.Seed }, session.Threads)
                .Run(null, session.CancellationToken)
            : null;
        SharedNetwork shared = WeightSharing.Apply(
            before.Graph,
            Selection.Of(before.Graph).ToDictionary(
                name => name,
                name => new SharingOptions { Clusters = (int)Layers.Of(name, Clusters), Initialization = Initialization, Seed = session.Seed },
                StringComparer.Ordinal),
            fisher,
            session.CancellationToken);
        return before with { Graph = shared.Graph, Shared = before.Shared.Concat(shared.Weights.Keys).ToFrozenSet(StringComparer.Ordinal) };
    }
}
