using System.Numerics.Tensors;
using Tersor.Models;
using Tersor.Quantization;

namespace Tersor.Compression.Pruning;

/// <summary>Divides a share of zeros among layers and chooses the weights that stay.</summary>
public static class PruningAllocation
{
    /// <summary>Masks with one share of zeros per layer.</summary>
    /// <param name="scores">Of each layer.</param>
    /// <param name="sparsities">Of each layer: 0 to 1.</param>
    public static IReadOnlyList<bool[]> ByLayer(IReadOnlyList<float[]> scores, IReadOnlyList<double> sparsities)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(sparsities);
        return [.. scores.Select((layer, i) => PruningRule.KeepHighest<float>(layer, KeptOf(layer.Length, sparsities[i])))];
    }

    /// <summary>Masks with one share of zeros over all layers; each keeps a weight at least.</summary>
    /// <param name="scores">Of each layer, on one scale.</param>
    /// <param name="sparsity">0 to 1.</param>
    public static IReadOnlyList<bool[]> Globally(IReadOnlyList<float[]> scores, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(scores);
        float[] all = [.. scores.SelectMany(layer => layer)];
        bool[] kept = PruningRule.KeepHighest<float>(all, KeptOf(all.Length, sparsity));
        List<bool[]> masks = [];
        int start = 0;
        foreach (float[] layer in scores)
        {
            bool[] mask = kept[start..(start + layer.Length)];
            if (layer.Length > 0 && !mask.Contains(true)) mask = PruningRule.KeepHighest<float>(layer, 1);
            masks.Add(mask);
            start += layer.Length;
        }

        return masks;
    }

    /// <summary>Scores divided by the root of their layer's mean square, so that layers of different scale can be compared.</summary>
    public static IReadOnlyList<float[]> Normalize(IReadOnlyList<float[]> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        List<float[]> normalized = [];
        foreach (float[] layer in scores)
        {
            // What earlier rounds pruned says nothing of the scale.
            double squares = 0;
            int count = 0;
            foreach (float score in layer)
            {
                if (score <= 0 || !float.IsFinite(score)) continue;
                squares += (double)score * score;
                count++;
            }

            float[] scaled = new float[layer.Length];
            if (squares > 0) TensorPrimitives.Divide(layer, (float)Math.Sqrt(squares / count), scaled);
            normalized.Add(scaled);
        }

        return normalized;
    }

    /// <summary>Shares of zeros whose densities follow the sum of a layer's dimensions over their product; what a layer cannot give, as it would be denser than full, the others give.</summary>
    /// <param name="shapes">Of each layer: outputs, inputs, and for convolutions the kernel.</param>
    /// <param name="sparsity">Over all layers: 0 to 1.</param>
    public static IReadOnlyList<double> ErdosRenyi(IReadOnlyList<TensorShape> shapes, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        double[] sizes = [.. shapes.Select(shape => (double)shape.ElementCount)];
        double[] raw = [.. shapes.Select((shape, i) => sizes[i] == 0 ? 0 : shape.Dimensions.ToArray().Sum() / sizes[i])];
        bool[] isFull = new bool[sizes.Length];
        double wanted = (1 - sparsity) * sizes.Sum();
        while (true)
        {
            double free = wanted - Enumerable.Range(0, sizes.Length).Where(i => isFull[i]).Sum(i => sizes[i]);
            double unit = Enumerable.Range(0, sizes.Length).Where(i => !isFull[i]).Sum(i => raw[i] * sizes[i]);
            double factor = unit == 0 ? 0 : Math.Max(0, free) / unit;
            int[] over = [.. Enumerable.Range(0, sizes.Length).Where(i => !isFull[i] && raw[i] * factor > 1)];
            if (over.Length == 0) return [.. Enumerable.Range(0, sizes.Length).Select(i => isFull[i] ? 0 : 1 - (raw[i] * factor))];
            foreach (int i in over) isFull[i] = true;
        }
    }

    /// <summary>How many of so many weights stay; one at least.</summary>
    public static int KeptOf(int weights, double sparsity)
    {
        if (sparsity is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(sparsity), sparsity, "0 to 1 is possible.");
        return Math.Min(weights, Math.Max(1, (int)Math.Round((1 - sparsity) * weights, MidpointRounding.AwayFromZero)));
    }
}
