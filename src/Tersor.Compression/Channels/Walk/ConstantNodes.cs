using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Files say weights and sizes as initializers or as <c>Constant</c> nodes; a graph with initializers alone has one way to change them.</summary>
internal static class ConstantNodes
{
    public static OnnxGraph ToInitializers(OnnxGraph graph)
    {
        HashSet<string> outputs = [.. graph.Outputs.Select(output => output.Name)];
        List<OnnxNode> nodes = [];
        List<Tensor> initializers = [.. graph.Initializers];
        foreach (OnnxNode node in graph.Nodes)
        {
            bool isTensor = node is { OperatorType: "Constant", Domain: "", Outputs.Count: 1 } && node.Find("value") is { Type: OnnxAttributeType.Tensor };
            if (!isTensor || outputs.Contains(node.Outputs[0]))
            {
                nodes.Add(node);
                continue;
            }

            Tensor value = node.Find("value")!.Tensor;
            initializers.Add(new Tensor(node.Outputs[0], value.ElementType, value.Shape, value.Data));
        }

        return nodes.Count == graph.Nodes.Count ? graph : graph.With(nodes, initializers);
    }
}
