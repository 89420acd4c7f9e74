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

    /// <summary>Bits of single layers, by pattern; the last that matches counts.</summary>
    public IReadOnlyList<(string Pattern, double Value)> Layers { get; init; } = [];

    private TrainingRecipe Fit => Training ?? TrainingRecipe.FineTuning;

    /// <inheritdoc/>
    public override double Epochs => Fit.Epochs;

    /// <inheritdoc/>
    public override string Describe()
    {
        string layers = Layers.Count == 0 ? "" : ", " + string.Join(", ", Layers.Select(layer => string.Create(CultureInfo.InvariantCulture, $"{layer.Pattern} {layer.Value} bits")));
        return string.Create(CultureInfo.InvariantCulture, $"quantize: {Selection}, {Bits} bits{layers}; {TrainingKeys.Text(Fit)}");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session)
    {
        foreach (string problem in Selection.Check(graph)) yield return problem;
        foreach ((string pattern, double value) in Layers)
        {
            if (LayerSelection.Problem(pattern, graph) is { } problem) yield return problem;
            if (value != Math.Floor(value)) yield return string.Create(CultureInfo.InvariantCulture, $"'{pattern}' has {value} bits; whole numbers are possible");
        }
    }

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
        Layers = mapping.Reals("layers", 2, 16),
        Training = TrainingKeys.Nested(mapping, TrainingRecipe.FineTuning),
    };

    private FakeQuantizedParameter? Function(NetworkState before, GraphParameter parameter, HashSet<string> names)
    {
        if (!names.Contains(parameter.Name)) return null;
        bool[]? isKept = before.Pruned.Contains(parameter.Name) ? Pruning.WeightMask.OfNonZero(parameter.Values) : null;
        return new FakeQuantizedParameter(parameter, (int)(LayerSelection.Last(Layers, parameter.Name) ?? Bits), isKept);
    }
}
