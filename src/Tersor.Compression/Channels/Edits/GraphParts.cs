using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Graphs and nodes that differ in a part.</summary>
internal static class GraphParts
{
    // From this version on initializers need not be inputs.
    private const long FreeInitializers = 4;

    /// <summary>The same graph with other nodes and initializers; what it says about intermediate results, and of initializers among the inputs, is left out where it may no longer hold.</summary>
    public static OnnxGraph With(this OnnxGraph graph, IReadOnlyList<OnnxNode> nodes, IReadOnlyList<Tensor> initializers)
    {
        Dictionary<string, Tensor> before = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Dictionary<string, Tensor> after = initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        bool hasNew = initializers.Any(tensor => !before.ContainsKey(tensor.Name));
        return new OnnxGraph
        {
            Source = graph.Source,
            Name = graph.Name,
            IrVersion = graph.IrVersion > 0 && hasNew ? Math.Max(graph.IrVersion, FreeInitializers) : graph.IrVersion,
            OperatorSets = graph.OperatorSets,
            Nodes = nodes,
            Inputs = [.. graph.Inputs.Where(input => !before.ContainsKey(input.Name) || after.ContainsKey(input.Name)).Select(input => Resized(input, after))],
            Outputs = graph.Outputs,
            Initializers = initializers,
            Metadata = graph.Metadata,
        };
    }

    /// <summary>The same graph with other nodes and initializers, as far as outputs depend on them.</summary>
    public static OnnxGraph WithoutUnread(this OnnxGraph graph, IReadOnlyList<OnnxNode> nodes, IReadOnlyList<Tensor> initializers)
    {
        while (true)
        {
            HashSet<string> read = [.. nodes.SelectMany(node => node.Inputs), .. graph.Outputs.Select(output => output.Name)];
            OnnxNode[] left = [.. nodes.Where(node => node.Outputs.Any(read.Contains))];
            if (left.Length == nodes.Count) return graph.With(left, [.. initializers.Where(tensor => read.Contains(tensor.Name))]);
            nodes = left;
        }
    }

    public static OnnxNode WithInput(this OnnxNode node, int index, string name)
    {
        string[] inputs = [.. node.Inputs, .. Enumerable.Repeat("", Math.Max(0, index + 1 - node.Inputs.Count))];
        inputs[index] = name;
        return new OnnxNode(node.OperatorType, inputs, node.Outputs, node.Attributes, node.Name, node.Domain);
    }

    public static OnnxNode WithAttribute(this OnnxNode node, OnnxAttribute attribute) =>
        new(node.OperatorType, node.Inputs, node.Outputs, [.. node.WithoutAttribute(attribute.Name).Attributes, attribute], node.Name, node.Domain);

    public static OnnxNode WithoutAttribute(this OnnxNode node, string name) =>
        new(node.OperatorType, node.Inputs, node.Outputs, [.. node.Attributes.Where(attribute => attribute.Name != name)], node.Name, node.Domain);

    // Files before IR version 4 list initializers as inputs, with their shapes.
    private static OnnxGraphValue Resized(OnnxGraphValue input, Dictionary<string, Tensor> initializers) =>
        initializers.TryGetValue(input.Name, out Tensor? tensor) ? input with { Dimensions = [.. tensor.Shape.Dimensions.ToArray().Select(size => new OnnxDimension(size))] } : input;
}
