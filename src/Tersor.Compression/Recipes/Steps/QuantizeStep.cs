using System.Globalization;
using Tersor.Compression.Levels;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>
/// Quantization-aware training: weights run on a uniform grid of few levels whose step is learned (Esser et al. 2020), with levels that are cheap to code where their entropy is limited, and are left on it. A lossless
/// compression then codes the levels.
/// </summary>
public sealed record QuantizeStep : RecipeStep
{
    private const double LeastEntropy = 0.01;

    /// <inheritdoc/>
    public override string Name => "quantize";

    /// <summary>Which weights.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>Bits of a level: 2 to 16.</summary>
    public int Bits { get; init; } = 4;

    /// <summary>Bits of single layers.</summary>
    public LayerValues Layers { get; init; } = LayerValues.None;

    /// <summary>Bits that a weight's level carries at the end at most, as the order-0 entropy of each layer's levels and the mean over all selected weights; 0 for no limit. See <see cref="EntropyConstraint"/>.</summary>
    public double Entropy { get; init; }

    /// <summary>Whether each weight stays within half a step of where it was, so that the training learns how it rounds and nothing more; a price of bits may still take it to a level that is cheaper than the nearest.</summary>
    public bool AdaptiveRounding { get; init; }

    /// <inheritdoc/>
    public override TrainingRecipe Fit => Training ?? TrainingRecipe.FineTuning;

    /// <inheritdoc/>
    public override string Describe() => string.Create(CultureInfo.InvariantCulture, $"quantize: {Selection}, {Bits} bits{Layers.Text(unit: " bits")}{(Entropy > 0 ? string.Create(CultureInfo.InvariantCulture, $", entropy {Entropy}") : "")}{(AdaptiveRounding ? ", adaptive rounding" : "")}; {TrainingKeys.Text(Fit)}");

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => Selection.Check(graph).Concat(Layers.CheckCounts(graph, "bits")).Concat(CheckEntropy());

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        HashSet<string> names = new(Selection.Of(state.Graph), StringComparer.Ordinal);
        NetworkState quantized = session.Part("fit", state, before => Quantize(before, session, names));
        session.Note(string.Create(CultureInfo.InvariantCulture, $"levels of {LevelEntropy.MeanOf(quantized.Graph, names):F3} bits a weight (order-0 entropy)"));
        return quantized;
    }

    internal static QuantizeStep Read(RecipeMapping mapping) => new()
    {
        Selection = LayerSelection.Read(mapping),
        Bits = mapping.Integer("bits", 4, 2, 16),
        Layers = LayerValues.Read(mapping, 2, 16),
        Entropy = mapping.Real("entropy", 0, LeastEntropy, mapping.Integer("bits", 4, 2, 16)),
        AdaptiveRounding = mapping.Flag("adaptive-rounding", false),
        Training = TrainingKeys.Nested(mapping, TrainingRecipe.FineTuning),
    };

    private IEnumerable<string> CheckEntropy()
    {
        if (Entropy > 0 && Fit.Patience > 0) yield return "the entropy reaches its target at the end, and patience would go back to an epoch before; drop one";
    }

    private NetworkState Quantize(NetworkState before, RecipeSession session, HashSet<string> names)
    {
        if (Entropy == 0) return session.Fit(before, Fit, "fit", parameter => Function(before, parameter, names));
        EntropyConstraint limit = new(Entropy);
        return session.Fit(before, Fit, "fit", parameter => Function(before, parameter, names) is { } function ? limit.Add(function) : null, limit);
    }

    private FakeQuantizedParameter? Function(NetworkState before, GraphParameter parameter, HashSet<string> names)
    {
        if (!names.Contains(parameter.Name)) return null;
        bool[]? isKept = before.Pruned.Contains(parameter.Name) ? Pruning.WeightMask.OfNonZero(parameter.Values) : null;
        return new FakeQuantizedParameter(parameter, (int)Layers.Of(parameter.Name, Bits), isKept, AdaptiveRounding);
    }
}
