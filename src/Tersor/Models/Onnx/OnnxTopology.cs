namespace Tersor.Models.Onnx;

/// <summary>Makes the topology of a model that has none: an ONNX graph whose outputs are its tensors, so that a runtime has something to run.</summary>
public static class OnnxTopology
{
    private const string GraphName = "tensors";
    private const string Producer = "tersor";

    /// <summary>
    /// A <c>ModelProto</c> with an initializer and an output for each tensor, without elements; <see cref="OnnxModel.FromTopology"/> joins it with them.
    /// </summary>
    /// <param name="tensors">Name, element type and shape of each, in order.</param>
    /// <param name="metadata">Becomes <c>metadata_props</c>, sorted by key.</param>
    /// <exception cref="ArgumentException">An element type has no fixed width.</exception>
    public static Topology FromTensors(
        IEnumerable<(string Name, ElementType ElementType, TensorShape Shape)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        WireWriter graph = new WireWriter().Text(OnnxFields.Graph.Name, GraphName);
        WireWriter outputs = new();
        (int irVersion, int operatorSet) = (8, 17);
        foreach ((string name, ElementType elementType, TensorShape shape) in tensors)
        {
            if (elementType.BitWidth() == 0) throw new ArgumentException($"Tensor '{name}' holds {elementType.Name()}, which has no fixed width.", nameof(tensors));
            (int, int) needed = VersionsFor(elementType);
            if (needed.Item1 > irVersion) (irVersion, operatorSet) = needed;
            WireWriter tensor = new();
            foreach (long dimension in shape.Dimensions) tensor.Number(OnnxFields.Tensor.Dimensions, dimension);
            tensor.Number(OnnxFields.Tensor.DataType, (int)elementType).Text(OnnxFields.Tensor.Name, name).Bytes(OnnxFields.Tensor.RawData, []);
            graph.Message(OnnxFields.Graph.Initializer, tensor);

            // A value without a name is none to a runtime.
            if (name.Length > 0) outputs.Message(OnnxFields.Graph.Output, Output(name, elementType, shape));
        }

        graph.Append(outputs);
        WireWriter model = new WireWriter()
            .Number(OnnxFields.Model.IrVersion, irVersion)
            .Text(OnnxFields.Model.ProducerName, Producer)
            .Message(OnnxFields.Model.Graph, graph)
            .Message(OnnxFields.Model.OpsetImport, new WireWriter().Text(OnnxFields.OperatorSet.Domain, "").Number(OnnxFields.OperatorSet.Version, operatorSet));
        foreach ((string key, string value) in (metadata ?? new Dictionary<string, string>()).OrderBy(entry => entry.Key, StringComparer.Ordinal))
            model.Message(OnnxFields.Model.MetadataProps, new WireWriter().Text(OnnxFields.Entry.Key, key).Text(OnnxFields.Entry.Value, value));
        return new Topology(TopologyFormat.Onnx, model.Written);
    }

    /// <summary>Whether a model is such a list of tensors, and no network of somebody's.</summary>
    internal static bool IsList(OnnxSummary summary) => summary is { NodeCount: 0, ProducerName: Producer, GraphName: GraphName };

    private static WireWriter Output(string name, ElementType elementType, TensorShape shape)
    {
        WireWriter dimensions = new();
        foreach (long dimension in shape.Dimensions)
            dimensions.Message(OnnxFields.Shape.Dimension, new WireWriter().Number(OnnxFields.Dimension.Value, dimension));
        WireWriter tensor = new WireWriter().Number(OnnxFields.TensorType.ElementType, (int)elementType).Message(OnnxFields.TensorType.Shape, dimensions);
        return new WireWriter().Text(OnnxFields.ValueInfo.Name, name).Message(OnnxFields.ValueInfo.Type, new WireWriter().Message(OnnxFields.Type.Tensor, tensor));
    }

    /// <summary>The first intermediate representation and operator set that know the element type; for common types, ones that most runtimes accept.</summary>
    private static (int IrVersion, int OperatorSet) VersionsFor(ElementType type) => type switch
    {
        ElementType.Float8E4M3FN or ElementType.Float8E4M3FNUZ or ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ => (9, 19),
        ElementType.Int4 or ElementType.UInt4 => (10, 21),
        ElementType.Float4E2M1 => (11, 23),
        ElementType.Float8E8M0 => (12, 24),
        ElementType.Int2 or ElementType.UInt2 => (13, 25),
        _ => (8, 17),
    };
}
