using Tersor.Compression.Recipes.Steps;

namespace Tersor.Compression.Recipes;

/// <summary>A kind of step: a new one is a file and a line in <see cref="RecipeSteps.All"/>.</summary>
public sealed class RecipeStepKind
{
    internal RecipeStepKind(string name, string description, Func<RecipeMapping, RecipeStep> read)
    {
        (Name, Description, Read) = (name, description, read);
    }

    /// <summary>What recipes call it.</summary>
    public string Name { get; }

    /// <summary>One line.</summary>
    public string Description { get; }

    internal Func<RecipeMapping, RecipeStep> Read { get; }
}

/// <summary>The steps that recipes are made of.</summary>
public static class RecipeSteps
{
    /// <summary>Every kind, in the order in which a recipe usually has them.</summary>
    public static IReadOnlyList<RecipeStepKind> All { get; } =
    [
        new("train", "train further; what was pruned stays zero", TrainStep.Read),
        new("prune", "zero the weights that matter least, in rounds with training, by layer, globally, by a sensitivity scan or N:M", PruneStep.Read),
        new("lottery-ticket", "train, prune, put the survivors back to where they began, and again (rewinding, signs, random control)", LotteryTicketStep.Read),
        new("supermask", "train which weights of an untrained network run, and leave their values", SupermaskStep.Read),
        new("weight-agnostic", "say how well the network does with one value in place of its weights, and leave it as it is", WeightAgnosticStep.Read),
        new("reinitialize", "random weights, for training the same architecture from scratch", ReinitializeStep.Read),
        new("prune-channels", "cut the neurons, filters and channels that matter least: a smaller dense network", PruneChannelsStep.Read),
        new("prune-blocks", "cut the residual branches whose loss costs least: a shallower network", PruneBlocksStep.Read),
        new("group-lasso", "train with a penalty on whole groups of weights, and cut the channels that vanish", GroupLassoStep.Read),
        new("share", "let weights share few values by k-means, and train these by the sums of their members' gradients", ShareStep.Read),
        new("quantize", "train with weights on a uniform grid whose step is learned, their entropy limited where that is asked for, and leave them on it", QuantizeStep.Read),
    ];
}
