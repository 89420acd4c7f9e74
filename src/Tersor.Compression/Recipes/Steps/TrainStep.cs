using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Trains a network further: what was pruned stays zero.</summary>
public sealed record TrainStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "train";

    /// <inheritdoc/>
    public override string Describe() => $"train: {TrainingKeys.Text(Training ?? TrainingRecipe.FineTuning)}";

    /// <inheritdoc/>
    public override double Epochs => (Training ?? TrainingRecipe.FineTuning).Epochs;

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session) => [];

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.Part("fit", state, before => session.Fit(before, Training ?? TrainingRecipe.FineTuning, "fit"));
    }

    internal static TrainStep Read(RecipeMapping mapping) => new() { Training = TrainingKeys.Read(mapping, TrainingRecipe.FineTuning) };
}
