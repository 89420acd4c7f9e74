using System.Globalization;
using Tersor.Compression.Tickets;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Trains which weights of an untrained network run; their values stay as they were drawn.</summary>
public sealed record SupermaskStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "supermask";

    /// <summary>Which weights; the others, biases among them, are held as they are.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>The part of each layer that runs.</summary>
    public double Share { get; init; } = 0.5;

    /// <inheritdoc/>
    public override TrainingRecipe Fit => Training ?? Usual;

    private static TrainingRecipe Usual => TrainingRecipe.FineTuning with { Epochs = 10, LearningRate = 0.1 };

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override string Describe() => string.Create(CultureInfo.InvariantCulture, $"supermask: {Selection}, {Share:P0} run; {TrainingKeys.Text(Fit)}");

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => Selection.Check(graph);

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        HashSet<string> names = new(Selection.Of(state.Graph), StringComparer.Ordinal);
        NetworkState masked = session.Part("fit", state, before => session.Fit(
            before, Fit, "fit", parameter => names.Contains(parameter.Name) ? new SupermaskParameter(parameter, Share, session.Seed) : new HeldParameter(parameter)));
        return masked.WithPruned(names);
    }

    internal static SupermaskStep Read(RecipeMapping mapping) => new()
    {
        Selection = LayerSelection.Read(mapping),
        Share = mapping.Real("share", 0.5, 0.001, 1),
        Training = TrainingKeys.Nested(mapping, Usual),
    };
}
