using Tersor.Compression.Recipes;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tickets;

/// <summary>What a network's connections know by themselves: every weight that is not zero gets one value, whose sign it keeps or not, and the network is judged (Gaier and Ha 2019, arXiv 1906.04358).</summary>
public static class WeightAgnostic
{
    /// <summary>The values that are tried.</summary>
    public static IReadOnlyList<float> Values { get; } = [-2, -1, -0.5f, 0.5f, 1, 2];

    /// <summary>Judges a network with each value in place of its weights.</summary>
    /// <param name="state">The network.</param>
    /// <param name="weights">Names of the weights.</param>
    /// <param name="keepsSigns">Whether a weight's sign multiplies the value.</param>
    /// <param name="session">Held-out samples.</param>
    /// <returns>The fraction of right answers with each value.</returns>
    public static IReadOnlyList<(float Value, double Top1)> Judge(NetworkState state, IReadOnlyCollection<string> weights, bool keepsSigns, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(session);
        return [.. Values.Select(value => (value, session.Judge(state with { Graph = With(state.Graph, weights, keepsSigns, value) }).Top1))];
    }

    private static OnnxGraph With(OnnxGraph graph, IReadOnlyCollection<string> weights, bool keepsSigns, float value) => graph.WithInitializers(
        graph.Initializers.Where(tensor => weights.Contains(tensor.Name)).ToDictionary(
            tensor => tensor.Name,
            tensor => new Tensor(tensor.Name, tensor.Shape, Array.ConvertAll(tensor.ReadSingles(), weight => weight == 0 ? 0 : keepsSigns ? MathF.Sign(weight) * value : value)),
            StringComparer.Ordinal));
}
