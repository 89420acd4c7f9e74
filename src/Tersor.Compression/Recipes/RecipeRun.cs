using System.Diagnostics;
using Tersor.Engine.Graphs;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>Runs a recipe on a network.</summary>
public static class RecipeRun
{
    /// <summary>Everything that keeps a recipe from running on a network, before anything runs.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="graph">The network.</param>
    /// <param name="session">The data.</param>
    /// <exception cref="RecipeException">Something does; all of it is named.</exception>
    public static void Check(Recipe recipe, OnnxGraph graph, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        List<string> problems = [];
        for (int i = 0; i < recipe.Steps.Count; i++)
        {
            RecipeStep step = recipe.Steps[i];
            problems.AddRange(step.Check(graph, session).Concat(session.CheckTeacher(step, graph)).Select(problem => $"step {i + 1}, {step.Name}: {problem}"));
        }

        if (problems.Count > 0) throw new RecipeException(recipe.Source, problems);
    }

    /// <summary>Runs the steps, one after the other.</summary>
    /// <param name="recipe">The recipe; <see cref="Check"/> it before.</param>
    /// <param name="state">The network.</param>
    /// <param name="session">Data, threads, and where progress and checkpoints go; used for one run.</param>
    /// <param name="observer">Told of the steps; null for nobody.</param>
    /// <returns>The network after the last step.</returns>
    /// <exception cref="RecipeException">A step cannot be done.</exception>
    /// <exception cref="Tersor.Engine.Training.TrainingDivergedException">A training diverged at every learning rate that was tried.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; parts that were finished are kept where the session has a folder.</exception>
    public static NetworkState Run(Recipe recipe, NetworkState state, RecipeSession session, IRecipeObserver? observer = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        session.Begin(state);
        for (int i = 0; i < recipe.Steps.Count; i++)
        {
            RecipeStep step = recipe.Steps[i];
            observer?.StepBegins(i + 1, recipe.Steps.Count, step);
            long started = Stopwatch.GetTimestamp();
            session.Enter(i + 1, step);
            state = step.Apply(state, session);
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            observer?.StepEnds(Report(i + 1, step, state, session, seconds));
        }

        return state;
    }

    private static StepReport Report(int number, RecipeStep step, NetworkState state, RecipeSession session, double seconds)
    {
        (long parameters, long nonZero) = StepReport.Count(state.Graph);
        return new StepReport(number, step, session.Judge(state), parameters, nonZero, LayerCost.MultiplyAddsOf(state.Graph), seconds);
    }
}
