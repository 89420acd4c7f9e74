using System.Globalization;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>
/// Quantization-aware training: weights run on a uniform grid of few levels whose step is learned (Esser et al. 2020), and are left on it. A lossless compression then codes the levels.
/// </summary>
public sealed record QuantizeStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "quantize";

    /// <summary>Which weights.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>Bits of a level: 2 to 16.</summary>
    public int Bits { get; init; } = 4;

    /// <summary>Bits of single layers.</summary>
    public LayerValues Layers { get; init; } = LayerValues.None;

    private TrainingRecipe Fit => Training ?? TrainingRecipe.FineTuning;

    /// <inheritdoc/>
    public override double Epochs => Fit.Epochs;

    /// <inheritdoc/>
    public override string Describe() => string.Create(CultureInfo.InvariantCulture, $"quantize: {Selection}, {Bits} bits{Layers.Text(unit: " bits")}; {TrainingKeys.Text(Fit)}");

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => Selection.Check(graph).Concat(Layers.CheckCounts(graph, "bits"));

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        HashSet<string> names = new(Selection.Of(state.Graph), StringComparer.Ordinal);
        return session.Part("fit", state, before => session.Fit(before, Fit, "fit", parameter => Function(before, parameter, names)));
    }

    internal static QuantizeStep Read(RecipeMapping mapping) => new()
    {
        Selection = LayerSelection.Read(mapping),
        Bits = mapping.Integer("bits", 4, 2, 16),
        Layers = LayerValues.Read(mapping, 2, 16),
        Training = TrainingKeys.Nested(mapping, TrainingRecipe.FineTuning),
    };

    private FakeQuantizedParameter? Function(NetworkState before, GraphParameter parameter, HashSet<string> names)
    {
        if (!names.Contains(parameter.Name)) return null;
        bool[]? isKept = before.Pruned.Contains(parameter.Name) ? Pruning.WeightMask.OfNonZero(parameter.Values) : null;
        return new FakeQuantizedParameter(parameter, (int)Layers.Of(parameter.Name, Bits), isKept);
    }
}
