using Tersor.Measures;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Levels;

/// <summary>What levels cost a coder that knows how often each occurs in its layer, and nothing else: their order-0 entropy.</summary>
public static class LevelEntropy
{
    /// <summary>Bits of a weight on average, over layers that are left on levels: each distinct value of a layer is one.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="names">Its layers; other names are passed over.</param>
    /// <returns>0 where there are no weights.</returns>
    public static double MeanOf(OnnxGraph graph, IReadOnlySet<string> names)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(names);
        double bits = 0;
        long elements = 0;
        foreach (Tensor tensor in graph.Initializers.Where(tensor => names.Contains(tensor.Name)))
        {
            float[] values = tensor.ReadSingles();
            bits += OrderZeroEntropy.BitsOf(CountEqual(values));
            elements += values.Length;
        }

        return elements == 0 ? 0 : bits / elements;
    }

    private static long[] CountEqual(float[] values)
    {
        Array.Sort(values);
        List<long> counts = [];
        for (int i = 0; i < values.Length; i++)
        {
            if (i > 0 && values[i] == values[i - 1]) counts[^1]++;
            else counts.Add(1);
        }

        return [.. counts];
    }
}
