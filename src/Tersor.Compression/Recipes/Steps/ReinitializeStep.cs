using System.Collections.Frozen;
using Tersor.Compression.Tickets;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Forgets the weights: random ones take their place, and a training after it is one from scratch. What was pruned stays zero unless told otherwise.</summary>
public sealed record ReinitializeStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "reinitialize";

    /// <summary>Whether what was pruned stays zero.</summary>
    public bool KeepsMask { get; init; } = true;

    /// <inheritdoc/>
    public override string Describe() => KeepsMask ? "reinitialize: random weights, zeros stay" : "reinitialize: random weights";

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => [];

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        OnnxGraph random = WeightInitialization.Apply(state.Graph, session.Seed);
        return KeepsMask
            ? state with { Graph = TicketWeights.Masked(random, state.Graph, state.Pruned) }
            : state with { Graph = random, Pruned = FrozenSet<string>.Empty };
    }

    internal static ReinitializeStep Read(RecipeMapping mapping) => new() { KeepsMask = mapping.Flag("keep-mask", true) };
}
