using Tersor.Compression.Pruning;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tickets;

/// <summary>New random weights for a network as it stands, for training from scratch (Liu et al. 2019, arXiv 1810.05270).</summary>
public static class WeightInitialization
{
    /// <summary>
    /// Kernels and matrices from a normal distribution with variance 2 / inputs (He et al. 2015), biases 0, batch normalizations as if they did nothing. The seed and the name decide the weights of a
    /// tensor.
    /// </summary>
    /// <param name="graph">The network; of its weights only the shapes count.</param>
    /// <param name="seed">Decides the weights.</param>
    public static OnnxGraph Apply(OnnxGraph graph, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Dictionary<string, float> fills = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.Nodes)
        {
            if (node.OperatorType is "Conv" or "ConvTranspose" or "Gemm" && node.Inputs.Count > 2) fills[node.Inputs[2]] = 0;
            if (!node.Normalizes()) continue;
            for (int i = 1; i < node.Inputs.Count; i++) fills[node.Inputs[i]] = i is 1 or 4 ? 1 : 0;
        }

        Dictionary<string, Tensor> weights = new(StringComparer.Ordinal);
        foreach (Tensor tensor in graph.Initializers.Where(tensor => tensor.ElementType == ElementType.Float32))
        {
            if (fills.TryGetValue(tensor.Name, out float value)) weights[tensor.Name] = Filled(tensor, value);
            else if (tensor.Shape.Rank >= 2 && IsWeight(graph, tensor.Name)) weights[tensor.Name] = Normal(graph, tensor, seed);
        }

        return graph.WithInitializers(weights);
    }

    private static bool IsWeight(OnnxGraph graph, string name) =>
        graph.Nodes.Any(node => node.OperatorType is "Conv" or "ConvTranspose" or "Gemm" or "MatMul" && node.Inputs.Count > 1 && node.Inputs[1] == name);

    private static Tensor Filled(Tensor tensor, float value)
    {
        float[] values = new float[tensor.ElementCount];
        Array.Fill(values, value);
        return new Tensor(tensor.Name, tensor.Shape, values);
    }

    private static Tensor Normal(OnnxGraph graph, Tensor tensor, ulong seed)
    {
        int axis = InputAxis.Of(graph, tensor.Name);
        long inputs = tensor.Shape[axis];
        for (int d = 2; d < tensor.Shape.Rank && axis < 2; d++) inputs *= tensor.Shape[d];
        float deviation = MathF.Sqrt(2f / Math.Max(1, inputs));
        RandomStream random = new(seed, tensor.Name);
        float[] values = new float[tensor.ElementCount];
        for (int i = 0; i < values.Length; i++) values[i] = deviation * random.NextGaussian();
        return new Tensor(tensor.Name, tensor.Shape, values);
    }
}
