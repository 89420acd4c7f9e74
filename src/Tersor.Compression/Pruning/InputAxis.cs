using Tersor.Models.Onnx;

namespace Tersor.Compression.Pruning;

/// <summary>Which dimension of a weight goes over the inputs.</summary>
public static class InputAxis
{
    /// <summary>The axis by the operator that reads the weight: 1 of a convolution, that of the sum in a product; 1 where nothing of these reads it.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="weight">Name of the weight, which has two dimensions or more.</param>
    public static int Of(OnnxGraph graph, string weight)
    {
        ArgumentNullException.ThrowIfNull(graph);
        OnnxNode? reader = graph.Nodes.FirstOrDefault(node => node.Inputs.Count > 1 && node.Inputs[1] == weight);
        return reader?.OperatorType switch
        {
            "Gemm" => reader.Find("transB") is { Type: OnnxAttributeType.Int, Int: not 0 } ? 1 : 0,
            "MatMul" => graph.Initializers.First(tensor => tensor.Name == weight).Shape.Rank - 2,
            "ConvTranspose" => 0,
            _ => 1,
        };
    }
}
