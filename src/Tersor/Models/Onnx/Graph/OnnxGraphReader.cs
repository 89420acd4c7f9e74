using System.Buffers.Binary;

namespace Tersor.Models.Onnx;

/// <summary>Reads the main graph of a <c>ModelProto</c> down to nodes and attributes.</summary>
internal sealed class OnnxGraphReader : OnnxWalk
{
    private const int MaxTextBytes = 1 << 20;

    private readonly Func<string, Tensor?>? _weights;
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<OnnxGraphValue> _inputs = [];
    private readonly List<OnnxGraphValue> _outputs = [];
    private readonly List<OnnxGraphValue> _values = [];
    private readonly List<Tensor> _initializers = [];
    private readonly HashSet<string> _initializerNames = new(StringComparer.Ordinal);
    private readonly List<string> _unsupported = [];
    private string _name = "";
    private long _irVersion;

    private OnnxGraphReader(ByteSource source, Func<string, Tensor?>? weights)
        : base(source, maxItems: 1 << 22, "nodes, names, attributes and tensors")
    {
        _weights = weights;
    }

    /// <summary>Reads a graph.</summary>
    /// <param name="source">A <c>ModelProto</c>.</param>
    /// <param name="weights">Where tensors come from by name if the source is a topology; null where it holds them itself.</param>
    public static OnnxGraph Read(ByteSource source, Func<string, Tensor?>? weights)
    {
        OnnxGraphReader reader = new(source, weights);
        reader.ReadModel(new OnnxMessage(source.Length));
        if (reader._unsupported.Count > 0) throw new UnsupportedModelException(source.Name, reader._unsupported);
        return new OnnxGraph
        {
            Source = source.Name,
            Name = reader._name,
            IrVersion = reader._irVersion,
            OperatorSets = reader.OperatorSets,
            Nodes = reader._nodes,
            Inputs = reader._inputs,
            Outputs = reader._outputs,
            Values = reader._values,
            Initializers = reader._initializers,
            Metadata = reader.Metadata,
        };
    }

    private void ReadModel(OnnxMessage model)
    {
        Reader.Context = model;
        bool hasGraph = false;
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Model.IrVersion, Type: WireType.Varint }:
                    _irVersion = (long)Reader.ReadVarint();
                    break;
                case { Number: OnnxFields.Model.Graph, Type: WireType.LengthDelimited }:
                    hasGraph = true;
                    ReadGraph(Enter(OnnxMessageKind.Graph, model, field, 0));
                    break;
                case { Number: OnnxFields.Model.OpsetImport, Type: WireType.LengthDelimited }:
                    ReadOperatorSet(field);
                    break;
                case { Number: OnnxFields.Model.MetadataProps, Type: WireType.LengthDelimited }:
                    ReadMetadata(field);
                    break;
                default:
                    Reader.Skip(field);
                    break;
            }
        }

        if (!hasGraph) throw Reader.Malformed(-1, "has no graph; the file is truncated or not an ONNX model");
    }

    private void ReadGraph(OnnxMessage graph)
    {
        int nodes = 0;
        int initializers = 0;
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Graph.Node, Type: WireType.LengthDelimited }:
                    ReadNode(Enter(OnnxMessageKind.Node, graph, field, nodes++));
                    break;
                case { Number: OnnxFields.Graph.Name, Type: WireType.LengthDelimited }:
                    _name = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Graph.Initializer, Type: WireType.LengthDelimited }:
                    ReadInitializer(Enter(OnnxMessageKind.Tensor, graph, field, initializers++));
                    break;
                case { Number: OnnxFields.Graph.SparseInitializer, Type: WireType.LengthDelimited }:
                    _unsupported.Add("sparse initializers cannot be run; export the model with dense ones");
                    Reader.Skip(field);
                    break;
                case { Number: OnnxFields.Graph.Input, Type: WireType.LengthDelimited }:
                    _inputs.Add(ReadGraphValue(field));
                    break;
                case { Number: OnnxFields.Graph.Output, Type: WireType.LengthDelimited }:
                    _outputs.Add(ReadGraphValue(field));
                    break;
                case { Number: OnnxFields.Graph.ValueInfo, Type: WireType.LengthDelimited }:
                    _values.Add(ReadGraphValue(field));
                    break;
                default:
                    Reader.Skip(field);
                    break;
            }
        }

        Leave(graph);
    }

    private void ReadInitializer(OnnxMessage message)
    {
        OnnxTensorRecord? record = OnnxTensorScan.Read(Reader, message, isTopology: _weights is not null, out string? unlisted, out _);
        Keep();
        if (record is null)
        {
            _unsupported.Add($"initializer '{message.Name}' cannot be run: it is {unlisted}");
        }
        else
        {
            if (!_initializerNames.Add(message.Name))
                throw Reader.Malformed(message.Payload.FieldStart, $"a second initializer is called '{message.Name}'; names must be unique");
            _initializers.Add(Resolve(record));
        }

        Leave(message);
    }

    private void ReadNode(OnnxMessage message)
    {
        List<string> inputs = [];
        List<string> outputs = [];
        List<OnnxPendingAttribute> attributes = [];
        HashSet<string> attributeNames = new(StringComparer.Ordinal);
        string domain = "";
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Node.Input, Type: WireType.LengthDelimited }:
                    Keep();
                    inputs.Add(Reader.ReadText(field, MaxTextBytes));
                    break;
                case { Number: OnnxFields.Node.Output, Type: WireType.LengthDelimited }:
                    Keep();
                    outputs.Add(Reader.ReadText(field, MaxTextBytes));
                    if (outputs.Count == 1) message.Output = outputs[0];
                    break;
                case { Number: OnnxFields.Node.Name, Type: WireType.LengthDelimited }:
                    message.Name = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.OperatorType, Type: WireType.LengthDelimited }:
                    message.OperatorType = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Domain, Type: WireType.LengthDelimited }:
                    domain = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Attribute, Type: WireType.LengthDelimited }:
                    OnnxPendingAttribute attribute = ReadAttribute(Enter(OnnxMessageKind.Attribute, message, field, attributes.Count));
                    if (!attributeNames.Add(attribute.Name))
                        throw Reader.Malformed(field.Start, $"attribute '{attribute.Name}' occurs twice");
                    attributes.Add(attribute);
                    break;
                default:
                    Reader.Skip(field);
                    break;
            }
        }

        Keep();

        // Tensors in attributes are named after the node's output, which a writer may put behind them.
        OnnxAttribute[] finished = new OnnxAttribute[attributes.Count];
        for (int i = 0; i < finished.Length; i++) finished[i] = attributes[i].Finish(Resolve);
        _nodes.Add(new OnnxNode(message.OperatorType, inputs, outputs, finished, message.Name, domain));
        Leave(message);
    }

    private OnnxPendingAttribute ReadAttribute(OnnxMessage message)
    {
        OnnxPendingAttribute attribute = new(Source, message.Payload);
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Attribute.Name, Type: WireType.LengthDelimited }:
                    attribute.Name = message.Name = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Attribute.Type, Type: WireType.Varint }:
                    attribute.Type = (OnnxAttributeType)(int)Reader.ReadVarint();
                    break;
                case { Number: OnnxFields.Attribute.Float, Type: WireType.Fixed32 }:
                    attribute.Float = ReadSingle();
                    attribute.Found = OnnxAttributeType.Float;
                    break;
                case { Number: OnnxFields.Attribute.Int, Type: WireType.Varint }:
                    attribute.Int = (long)Reader.ReadVarint();
                    attribute.Found = OnnxAttributeType.Int;
                    break;
                case { Number: OnnxFields.Attribute.String, Type: WireType.LengthDelimited }:
                    attribute.String = Reader.ReadText(field, MaxTextBytes);
                    attribute.Found = OnnxAttributeType.String;
                    break;
                case { Number: OnnxFields.Attribute.Tensor or OnnxFields.Attribute.Tensors, Type: WireType.LengthDelimited }:
                    ReadAttributeTensor(attribute, Enter(OnnxMessageKind.Tensor, message, field, attribute.TensorCount++));
                    attribute.Found = field.Number == OnnxFields.Attribute.Tensor ? OnnxAttributeType.Tensor : OnnxAttributeType.Tensors;
                    break;
                case { Number: OnnxFields.Attribute.Floats, Type: WireType.Fixed32 }:
                    Keep();
                    attribute.Floats.Add(ReadSingle());
                    attribute.Found = OnnxAttributeType.Floats;
                    break;
                case { Number: OnnxFields.Attribute.Floats, Type: WireType.LengthDelimited }:
                    ReadPackedFloats(attribute, field);
                    break;
                case { Number: OnnxFields.Attribute.Ints, Type: WireType.Varint }:
                    Keep();
                    attribute.Ints.Add((long)Reader.ReadVarint());
                    attribute.Found = OnnxAttributeType.Ints;
                    break;
                case { Number: OnnxFields.Attribute.Ints, Type: WireType.LengthDelimited }:
                    ReadPackedInts(attribute, field);
                    break;
                case { Number: OnnxFields.Attribute.Strings, Type: WireType.LengthDelimited }:
                    Keep();
                    attribute.Strings.Add(Reader.ReadText(field, MaxTextBytes));
                    attribute.Found = OnnxAttributeType.Strings;
                    break;
                default:
                    Reader.Skip(field);
                    break;
            }
        }

        Keep();
        if (attribute.Name.Length == 0) throw Reader.Malformed(message.Payload.FieldStart, "an attribute has no name");
        Leave(message);
        return attribute;
    }

    private void ReadAttributeTensor(OnnxPendingAttribute attribute, OnnxMessage message)
    {
        OnnxTensorRecord? record = OnnxTensorScan.Read(Reader, message, isTopology: _weights is not null, out _, out _);
        Keep();
        if (record is null) attribute.HasUnreadableTensor = true;
        else attribute.Tensors.Add(record);
        Leave(message);
    }

    private void ReadPackedFloats(OnnxPendingAttribute attribute, WireField field)
    {
        long outer = Reader.Enter(Reader.ReadPayload(field));
        while (Reader.Position < Reader.Limit)
        {
            Keep();
            attribute.Floats.Add(ReadSingle());
        }

        attribute.Found = OnnxAttributeType.Floats;
        Reader.Leave(outer);
    }

    private void ReadPackedInts(OnnxPendingAttribute attribute, WireField field)
    {
        long outer = Reader.Enter(Reader.ReadPayload(field));
        while (Reader.Position < Reader.Limit)
        {
            Keep();
            attribute.Ints.Add((long)Reader.ReadVarint());
        }

        attribute.Found = OnnxAttributeType.Ints;
        Reader.Leave(outer);
    }

    private float ReadSingle()
    {
        Span<byte> bytes = stackalloc byte[4];
        Reader.ReadFixed(bytes);
        return BinaryPrimitives.ReadSingleLittleEndian(bytes);
    }

    private Tensor Resolve(OnnxTensorRecord record)
    {
        string name = record.Message.Path();
        if (_weights?.Invoke(name) is { } tensor)
        {
            if (tensor.ElementType == record.ElementType && tensor.Shape == record.Shape) return tensor;
            throw Reader.Malformed(
                record.Message.Payload.FieldStart, $"the graph wants {record.ElementType.Name()} {record.Shape}, the tensor '{name}' is {tensor.ElementType.Name()} {tensor.Shape}");
        }

        if (record.IsPlaceholder) throw Reader.Malformed(record.Message.Payload.FieldStart, $"the model has no tensor '{name}'");
        return new Tensor(record.Message.Name, record.ElementType, record.Shape, DataOf(record, name));
    }

    private ByteSource DataOf(OnnxTensorRecord record, string name)
    {
        if (record.External is null) return OnnxModel.InlineData(Source, record);
        _unsupported.Add($"tensor '{name}' lies in another file ('{record.External.Location}'); open the model with ModelFormats.Open and take the graph from it");
        return ByteSource.Deferred(name, record.ElementType.ByteLength(record.Shape.ElementCount), _ => throw new InvalidOperationException($"tensor '{name}' lies in another file"));
    }

    private OnnxGraphValue ReadGraphValue(WireField field)
    {
        OnnxValue value = ReadValue(field);
        ElementType type = ElementTypes.All.FirstOrDefault(candidate => candidate.Name() == value.Type);
        return new OnnxGraphValue(value.Name, type, value.Dimensions?.Select(Dimension).ToArray());
    }

    private static OnnxDimension Dimension(string text)
    {
        if (long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long size))
            return new OnnxDimension(size);

        // Some exporters write -1 for what is not known.
        return text is "?" or "" || text[0] == '-' ? default : new OnnxDimension(text);
    }
}
