using System.Globalization;
using Tersor.Compression.Tickets;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Says how well a network does with one value in place of all weights that are not zero, and leaves it as it is.</summary>
public sealed record WeightAgnosticStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "weight-agnostic";

    /// <summary>Which weights.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>Whether weights keep their signs.</summary>
    public bool KeepsSigns { get; init; } = true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => Selection.Of(graph);

    /// <inheritdoc/>
    public override string Describe() => $"weight-agnostic: {Selection}, {(KeepsSigns ? "signs stay" : "one value for all")}";

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => Selection.Check(graph);

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        foreach ((float value, double top1) in WeightAgnostic.Judge(state, Selection.Of(state.Graph), KeepsSigns, session))
            session.Note(string.Create(CultureInfo.InvariantCulture, $"weights of {value}: {top1:P2} of the held-out samples"));
        return state;
    }

    internal static WeightAgnosticStep Read(RecipeMapping mapping) => new() { Selection = LayerSelection.Read(mapping), KeepsSigns = mapping.Flag("keep-signs", true) };
}
