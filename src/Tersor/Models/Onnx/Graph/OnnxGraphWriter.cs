namespace Tersor.Models.Onnx;

/// <summary>Writes an <see cref="OnnxGraph"/> as a <c>ModelProto</c>.</summary>
internal static class OnnxGraphWriter
{
    public static void Write(OnnxGraph graph, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        StreamedWireWriter model = new();
        model.Number(OnnxFields.Model.IrVersion, graph.IrVersion > 0 ? graph.IrVersion : IrVersionFor(graph.OperatorSetVersion()));
        model.Text(OnnxFields.Model.ProducerName, "tersor");
        model.Message(OnnxFields.Model.Graph, Graph(graph));
        foreach (OnnxOperatorSet set in graph.OperatorSets)
        {
            model.Message(
                OnnxFields.Model.OpsetImport,
                new StreamedWireWriter().Text(OnnxFields.OperatorSet.Domain, set.Domain).Number(OnnxFields.OperatorSet.Version, set.Version));
        }

        foreach ((string key, string value) in graph.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            model.Message(OnnxFields.Model.MetadataProps, new StreamedWireWriter().Text(OnnxFields.Entry.Key, key).Text(OnnxFields.Entry.Value, value));
        if (model.Length > int.MaxValue)
            throw new ResourceLimitException($"{graph.Source}: the model takes {model.Length:N0} bytes, protobuf readers stop at 2 GB.");
        model.WriteTo(destination);
    }

    /// <summary>The IR version that came with an operator set; older runtimes refuse newer ones.</summary>
    private static long IrVersionFor(long operatorSet) => operatorSet switch
    {
        <= 8 => 3,
        <= 9 => 4,
        <= 10 => 5,
        <= 11 => 6,
        <= 14 => 7,
        <= 18 => 8,
        <= 20 => 9,
        _ => 10,
    };

    private static StreamedWireWriter Graph(OnnxGraph graph)
    {
        StreamedWireWriter message = new();
        foreach (OnnxNode node in graph.Nodes) message.Message(OnnxFields.Graph.Node, Node(node));
        message.Text(OnnxFields.Graph.Name, graph.Name);
        foreach (Tensor tensor in graph.Initializers) message.Message(OnnxFields.Graph.Initializer, TensorMessage(tensor));
        foreach (OnnxGraphValue value in graph.Inputs) message.Message(OnnxFields.Graph.Input, Value(value));
        foreach (OnnxGraphValue value in graph.Outputs) message.Message(OnnxFields.Graph.Output, Value(value));
        foreach (OnnxGraphValue value in graph.Values) message.Message(OnnxFields.Graph.ValueInfo, Value(value));
        return message;
    }

    private static StreamedWireWriter Node(OnnxNode node)
    {
        StreamedWireWriter message = new();
        foreach (string input in node.Inputs) message.Text(OnnxFields.Node.Input, input);
        foreach (string output in node.Outputs) message.Text(OnnxFields.Node.Output, output);
        if (node.Name.Length > 0) message.Text(OnnxFields.Node.Name, node.Name);
        message.Text(OnnxFields.Node.OperatorType, node.OperatorType);
        foreach (OnnxAttribute attribute in node.Attributes)
        {
            if (attribute.Opaque is { } opaque) message.Content(OnnxFields.Node.Attribute, opaque);
            else message.Message(OnnxFields.Node.Attribute, Attribute(attribute));
        }

        if (node.Domain.Length > 0) message.Text(OnnxFields.Node.Domain, node.Domain);
        return message;
    }

    private static StreamedWireWriter Attribute(OnnxAttribute attribute)
    {
        StreamedWireWriter message = new();
        message.Text(OnnxFields.Attribute.Name, attribute.Name);
        switch (attribute.Type)
        {
            case OnnxAttributeType.Float:
                message.Single(OnnxFields.Attribute.Float, attribute.Float);
                break;
            case OnnxAttributeType.Int:
                message.Number(OnnxFields.Attribute.Int, attribute.Int);
                break;
            case OnnxAttributeType.String:
                message.Text(OnnxFields.Attribute.String, attribute.String);
                break;
            case OnnxAttributeType.Tensor:
                message.Message(OnnxFields.Attribute.Tensor, TensorMessage(attribute.Tensor));
                break;
            case OnnxAttributeType.Floats:
                foreach (float value in attribute.Floats) message.Single(OnnxFields.Attribute.Floats, value);
                break;
            case OnnxAttributeType.Ints:
                foreach (long value in attribute.Ints) message.Number(OnnxFields.Attribute.Ints, value);
                break;
            case OnnxAttributeType.Strings:
                foreach (string value in attribute.Strings) message.Text(OnnxFields.Attribute.Strings, value);
                break;
            default:
                foreach (Tensor value in attribute.Tensors) message.Message(OnnxFields.Attribute.Tensors, TensorMessage(value));
                break;
        }

        return message.Number(OnnxFields.Attribute.Type, (long)attribute.Type);
    }

    private static StreamedWireWriter TensorMessage(Tensor tensor)
    {
        StreamedWireWriter message = new();
        foreach (long dimension in tensor.Shape.Dimensions) message.Number(OnnxFields.Tensor.Dimensions, dimension);
        return message
            .Number(OnnxFields.Tensor.DataType, (long)tensor.ElementType)
            .Text(OnnxFields.Tensor.Name, tensor.Name)
            .Content(OnnxFields.Tensor.RawData, tensor.Data);
    }

    private static StreamedWireWriter Value(OnnxGraphValue value)
    {
        StreamedWireWriter type = new();
        type.Number(OnnxFields.TensorType.ElementType, (long)value.ElementType);
        if (value.Dimensions is not null)
        {
            StreamedWireWriter shape = new();
            foreach (OnnxDimension dimension in value.Dimensions)
            {
                StreamedWireWriter part = new();
                if (dimension.Size is { } size) part.Number(OnnxFields.Dimension.Value, size);
                else if (dimension.Symbol is { } symbol) part.Text(OnnxFields.Dimension.Parameter, symbol);
                shape.Message(OnnxFields.Shape.Dimension, part);
            }

            type.Message(OnnxFields.TensorType.Shape, shape);
        }

        return new StreamedWireWriter()
            .Text(OnnxFields.ValueInfo.Name, value.Name)
            .Message(OnnxFields.ValueInfo.Type, new StreamedWireWriter().Message(OnnxFields.Type.Tensor, type));
    }
}
