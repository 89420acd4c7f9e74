using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>
/// One transform of a recipe. A step is its settings; it can be used without a recipe: <c>new PruneStep { Sparsity = 0.9 }.Apply(state, session)</c>.
/// </summary>
public abstract record RecipeStep
{
    /// <summary>What the step is called in recipes.</summary>
    public abstract string Name { get; }

    /// <summary>The training between what the step does; null where none is asked for.</summary>
    public TrainingRecipe? Training { get; init; }

    /// <summary>The training that runs: <see cref="Training"/>, or what is usual of a step that cannot do without one; null where nothing is trained.</summary>
    public virtual TrainingRecipe? Fit => Training;

    /// <summary>Passes over the train set, for an estimate of the time.</summary>
    /// <param name="graph">The network that comes in.</param>
    /// <param name="first">The network at the beginning of the recipe.</param>
    public virtual double EpochsFor(OnnxGraph graph, OnnxGraph first) => Fit?.Epochs ?? 0;

    /// <summary>A network of about the shapes that the step would leave, chosen without data, for what a dry run says of it and of the steps behind it; the one that came in where shapes stay, or where only data tell.</summary>
    /// <param name="graph">The network that comes in; not changed.</param>
    public virtual OnnxGraph Outline(OnnxGraph graph) => graph;

    /// <summary>Names of the weights that the step changes by its own choice; none where it trains all.</summary>
    /// <param name="graph">The network.</param>
    public virtual IReadOnlyList<string> LayersOf(OnnxGraph graph) => [];

    /// <summary>What the step would do to a network, with all settings: a line for people that also tells settings apart.</summary>
    public abstract string Describe();

    /// <summary>What keeps the step from doing anything to a network, before anything runs; none where it can.</summary>
    /// <param name="graph">The network at the beginning of the recipe.</param>
    /// <param name="session">The data.</param>
    public abstract IEnumerable<string> Check(OnnxGraph graph, RecipeSession session);

    /// <summary>Does it.</summary>
    /// <param name="state">The network before; not changed.</param>
    /// <param name="session">Data, threads, and where progress and checkpoints go.</param>
    /// <returns>The network after.</returns>
    /// <exception cref="RecipeException">The step cannot be done with this network.</exception>
    /// <exception cref="TrainingDivergedException">The training diverged at every learning rate that was tried.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was finished is kept.</exception>
    public abstract NetworkState Apply(NetworkState state, RecipeSession session);
}
