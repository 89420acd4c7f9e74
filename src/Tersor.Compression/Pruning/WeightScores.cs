using System.Numerics.Tensors;
using Tersor.Compression.Recipes;
using Tersor.Compression.Sensitivity;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;

namespace Tersor.Compression.Pruning;

/// <summary>Scores of weights by an importance: what has the lowest is pruned first.</summary>
public static class WeightScores
{
    /// <summary>Scores the weights of a network.</summary>
    /// <param name="graph">The network, with the weights as they are.</param>
    /// <param name="parameters">Which of its weights.</param>
    /// <param name="importance">By what; not by <see cref="WeightImportance.LifelongPath"/>, which trainings collect.</param>
    /// <param name="session">Train data, for all importances but magnitude and chance.</param>
    /// <param name="samples">How many of them; all where there are fewer.</param>
    /// <returns>For each parameter a score per weight, row-major, at least 0. The scores of layers can be compared but for magnitude, which depends on the layer's scale.</returns>
    public static IReadOnlyList<float[]> Measure(
        ExecutableGraph graph, IReadOnlyList<GraphParameter> parameters, WeightImportance importance, RecipeSession session, int samples)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(session);
        return importance switch
        {
            WeightImportance.Magnitude => [.. parameters.Select(parameter => Array.ConvertAll(parameter.Values, MathF.Abs))],
            WeightImportance.Random => [.. parameters.Select(parameter => Chance(parameter, session.Seed))],
            WeightImportance.Fisher => TimesSquares(parameters, MeanSquares(graph, parameters, FisherLabels.OfModel, session, samples)),
            WeightImportance.Taylor => TimesSquares(parameters, MeanSquares(graph, parameters, FisherLabels.OfData, session, samples)),
            WeightImportance.Lifelong => MeanSquares(graph, parameters, FisherLabels.OfData, session, samples),
            WeightImportance.Gradient => TimesWeights(parameters, GradientMeans.OfLoss(graph, parameters, session, samples)),
            WeightImportance.LifelongPath => throw new ArgumentException("It is collected in a training, by PathIntegralParameter.", nameof(importance)),
            _ => GradientMeans.OfOutputs(graph, parameters, session, samples),
        };
    }

    private static float[] Chance(GraphParameter parameter, ulong seed)
    {
        RandomStream random = new(seed, "importance of " + parameter.Name);
        float[] scores = new float[parameter.Values.Length];
        for (int i = 0; i < scores.Length; i++) scores[i] = random.NextSingle();
        return scores;
    }

    private static List<float[]> MeanSquares(ExecutableGraph graph, IReadOnlyList<GraphParameter> parameters, FisherLabels labels, RecipeSession session, int samples)
    {
        FisherOptions options = new() { Labels = labels, Samples = samples, Seed = session.Seed };
        FisherInformation information = new FisherEstimator(graph, session.Train, session.Preprocessing, options, session.Threads).Run(null, session.CancellationToken);
        Dictionary<string, float[]> byName = information.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.AsSpan().ToArray(), StringComparer.Ordinal);
        return [.. parameters.Select(parameter => byName[parameter.Name])];
    }

    private static List<float[]> TimesSquares(IReadOnlyList<GraphParameter> parameters, IReadOnlyList<float[]> scores)
    {
        for (int t = 0; t < parameters.Count; t++)
        {
            float[] weights = parameters[t].Values;
            for (int i = 0; i < weights.Length; i++) scores[t][i] *= weights[i] * weights[i];
        }

        return [.. scores];
    }

    private static List<float[]> TimesWeights(IReadOnlyList<GraphParameter> parameters, IReadOnlyList<float[]> gradients)
    {
        for (int t = 0; t < parameters.Count; t++)
        {
            TensorPrimitives.Multiply(gradients[t], parameters[t].Values, gradients[t]);
            TensorPrimitives.Abs(gradients[t], gradients[t]);
        }

        return [.. gradients];
    }
}
