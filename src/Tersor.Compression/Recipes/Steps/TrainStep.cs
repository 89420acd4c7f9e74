using System.Globalization;
using Tersor.Compression.Tickets;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Trains a network further: what was pruned stays zero.</summary>
public sealed record TrainStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "train";

    /// <inheritdoc/>
    public override string Describe() => $"train: {TrainingKeys.Text(Fit)}{(HasSameCompute ? ", for the multiply-adds of the first network" : "")}";

    /// <summary>Whether epochs are those of the network that the recipe began with: a smaller one trains longer, for the same multiply-adds, up to twice as long (Scratch-B, Liu et al. 2019).</summary>
    public bool HasSameCompute { get; init; }

    /// <inheritdoc/>
    public override TrainingRecipe Fit => Training ?? TrainingRecipe.FineTuning;

    /// <inheritdoc/>
    public override double EpochsFor(OnnxGraph graph, OnnxGraph first) =>
        HasSameCompute ? ScratchTraining.EpochsOfSameCompute(Fit.Epochs, LayerCost.MultiplyAddsOf(first), LayerCost.MultiplyAddsOf(graph)) : Fit.Epochs;

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => [];

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        return session.Part("fit", state, before => session.Fit(before, HasSameCompute ? Lengthen(before, session) : Fit, "fit"));
    }

    internal static TrainStep Read(RecipeMapping mapping) => new() { HasSameCompute = mapping.Flag("same-compute", false), Training = TrainingKeys.Read(mapping, TrainingRecipe.FineTuning) };

    private TrainingRecipe Lengthen(NetworkState state, RecipeSession session)
    {
        long now = LayerCost.MultiplyAddsOf(state.Graph);
        long first = session.FirstMultiplyAdds ?? now;
        int epochs = ScratchTraining.EpochsOfSameCompute(Fit.Epochs, first, now);
        session.Note(string.Create(CultureInfo.InvariantCulture, $"{epochs} epochs in place of {Fit.Epochs}: the network takes {now:N0} multiply-adds, the first {first:N0}"));
        return Fit with { Epochs = epochs };
    }
}
