using Tersor.Engine.Training;

namespace Tersor.Compression.Recipes;

/// <summary>Is told how far a recipe is: of the trainings their epochs and steps as well.</summary>
public interface IRecipeObserver : IProgress<EpochReport>, IProgress<TrainingStep>
{
    /// <summary>Something that the user should know.</summary>
    void Note(string line);

    /// <summary>A training begins, of which epochs and steps will be told.</summary>
    /// <param name="name">The step and its part.</param>
    /// <param name="training">How.</param>
    /// <param name="batch">Samples of one step.</param>
    /// <param name="samples">Samples of one epoch.</param>
    void TrainingBegins(string name, TrainingRecipe training, int batch, int samples);

    /// <summary>A step begins.</summary>
    /// <param name="number">From 1.</param>
    /// <param name="count">Steps of the recipe.</param>
    /// <param name="begun">The step.</param>
    void StepBegins(int number, int count, RecipeStep begun);

    /// <summary>A step is done.</summary>
    void StepEnds(StepReport report);
}
