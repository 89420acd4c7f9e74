using Tersor.Compression.Recipes;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Quantization;

namespace Tersor.Compression.Pruning;

/// <summary>What a layer costs when a share of it is pruned and the others are left alone.</summary>
/// <param name="Name">Of the weight.</param>
/// <param name="Weights">How many it has.</param>
/// <param name="Shares">Shares of zeros that were tried, growing; the first is 0.</param>
/// <param name="Losses">The loss with each.</param>
/// <param name="Top1">The fraction of right answers with each.</param>
public sealed record LayerSensitivity(string Name, int Weights, IReadOnlyList<double> Shares, IReadOnlyList<double> Losses, IReadOnlyList<double> Top1);

/// <summary>
/// Prunes each layer alone by several shares and looks at the loss on train samples: how much each can give (Han et al. 2015). From the curves come the shares for a tolerance, or for a share of zeros over
/// all layers.
/// </summary>
public static class SensitivityScan
{
    /// <summary>The shares that are tried.</summary>
    public static IReadOnlyList<double> Shares { get; } = [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97, 0.985];

    /// <summary>Measures the curves.</summary>
    /// <param name="graph">The network; its weights are as before afterwards.</param>
    /// <param name="parameters">The layers' weights.</param>
    /// <param name="scores">A score per weight.</param>
    /// <param name="session">The data: the first samples of the train part.</param>
    /// <param name="samples">How many.</param>
    public static IReadOnlyList<LayerSensitivity> Measure(
        ExecutableGraph graph, IReadOnlyList<GraphParameter> parameters, IReadOnlyList<float[]> scores, RecipeSession session, int samples)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(session);
        SampleSet judged = session.Train.Take(Math.Min(samples, session.Train.Count));
        Evaluation whole = session.Judge(graph, judged);
        List<LayerSensitivity> layers = [];
        for (int t = 0; t < parameters.Count; t++)
        {
            float[] original = [.. parameters[t].Values];
            List<double> losses = [whole.Loss];
            List<double> right = [whole.Top1];
            foreach (double share in Shares.Skip(1))
            {
                WeightMask.Apply(PruningRule.KeepHighest<float>(scores[t], PruningAllocation.KeptOf(original.Length, share)), parameters[t].Values);
                Evaluation pruned = session.Judge(graph, judged);
                original.CopyTo(parameters[t].Values, 0);
                losses.Add(double.IsFinite(pruned.Loss) ? pruned.Loss : double.MaxValue);
                right.Add(pruned.Top1);
            }

            layers.Add(new LayerSensitivity(parameters[t].Name, original.Length, Shares, losses, right));
        }

        return layers;
    }

    /// <summary>For each layer the largest share at which it alone, and all smaller shares too, lose no more right answers than the tolerance.</summary>
    /// <param name="layers">The curves.</param>
    /// <param name="tolerance">The fraction of right answers that a layer may lose.</param>
    public static IReadOnlyList<double> ForTolerance(IReadOnlyList<LayerSensitivity> layers, double tolerance)
    {
        ArgumentNullException.ThrowIfNull(layers);
        List<double> shares = [];
        foreach (LayerSensitivity layer in layers)
        {
            int at = 0;
            while (at + 1 < layer.Shares.Count && layer.Top1[0] - layer.Top1[at + 1] <= tolerance) at++;
            shares.Add(layer.Shares[at]);
        }

        return shares;
    }

    /// <summary>The shares that together make so many zeros and by the curves cost the least loss: each step goes to the layer whose next zeros cost least, from hull point to hull point.</summary>
    /// <param name="layers">The curves.</param>
    /// <param name="sparsity">Zeros of all weights: 0 to 1.</param>
    public static IReadOnlyList<double> ForSparsity(IReadOnlyList<LayerSensitivity> layers, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (sparsity is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(sparsity), sparsity, "0 to 1 is possible.");
        int[][] hulls = [.. layers.Select(Hull)];
        int[] at = new int[layers.Count];
        double[] shares = new double[layers.Count];
        double wanted = sparsity * layers.Sum(layer => (double)layer.Weights);
        while (true)
        {
            double left = wanted - Enumerable.Range(0, shares.Length).Sum(i => shares[i] * layers[i].Weights);
            int best = -1;
            double cheapest = double.PositiveInfinity;
            for (int i = 0; i < shares.Length; i++)
            {
                if (at[i] + 1 >= hulls[i].Length) continue;
                double slope = Slope(layers[i], hulls[i][at[i]], hulls[i][at[i] + 1]);
                if (slope < cheapest) (best, cheapest) = (i, slope);
            }

            if (left <= 0.5 || best < 0) return FillUp(layers, shares, left);
            double next = layers[best].Shares[hulls[best][at[best] + 1]];
            double zeros = (next - shares[best]) * layers[best].Weights;
            shares[best] = zeros <= left ? next : shares[best] + (left / layers[best].Weights);
            if (zeros <= left) at[best]++;
        }
    }

    // More zeros than the scan tried: all layers give the same part of what they have left.
    private static double[] FillUp(IReadOnlyList<LayerSensitivity> layers, double[] shares, double left)
    {
        double kept = Enumerable.Range(0, shares.Length).Sum(i => (1 - shares[i]) * layers[i].Weights);
        if (left <= 0.5 || kept <= 0) return shares;
        return [.. shares.Select(share => 1 - ((1 - share) * Math.Max(0, 1 - (left / kept))))];
    }

    private static double Slope(LayerSensitivity layer, int from, int to) =>
        (layer.Losses[to] - layer.Losses[from]) / ((layer.Shares[to] - layer.Shares[from]) * layer.Weights);

    // The lower convex hull of the loss over the share.
    private static int[] Hull(LayerSensitivity layer)
    {
        List<int> hull = [];
        for (int i = 0; i < layer.Shares.Count; i++)
        {
            while (hull.Count >= 2 && Slope(layer, hull[^2], hull[^1]) >= Slope(layer, hull[^1], i)) hull.RemoveAt(hull.Count - 1);
            hull.Add(i);
        }

        return [.. hull];
    }
}
