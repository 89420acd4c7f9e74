using System.Buffers.Binary;

namespace Tersor.Models.Onnx;

/// <summary>Reads the main graph of a <c>ModelProto</c> down to nodes and attributes.</summary>
internal sealed class OnnxGraphReader
{
    private const int MaxTextBytes = 1 << 20;

    // Each thing kept costs far more memory than the few bytes that can declare it.
    private const int MaxItems = 1 << 22;

    private readonly WireReader _reader;
    private readonly ByteSource _source;
    private readonly Func<string, Tensor?>? _weights;
    private readonly List<OnnxOperatorSet> _operatorSets = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<OnnxGraphValue> _inputs = [];
    private readonly List<OnnxGraphValue> _outputs = [];
    private readonly List<OnnxGraphValue> _values = [];
    private readonly List<Tensor> _initializers = [];
    private readonly HashSet<string> _initializerNames = new(StringComparer.Ordinal);
    private readonly List<string> _unsupported = [];
    private string _name = "";
    private long _irVersion;
    private int _items;

    private OnnxGraphReader(ByteSource source, Func<string, Tensor?>? weights)
    {
        _source = source;
        _weights = weights;
        _reader = new WireReader(source, 0, source.Length);
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
            OperatorSets = reader._operatorSets,
            Nodes = reader._nodes,
            Inputs = reader._inputs,
            Outputs = reader._outputs,
            Values = reader._values,
            Initializers = reader._initializers,
            Metadata = reader._metadata,
        };
    }

    private void ReadModel(OnnxMessage model)
    {
        _reader.Context = model;
        bool hasGraph = false;
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Model.IrVersion, Type: WireType.Varint }:
                    _irVersion = (long)_reader.ReadVarint();
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
                    _reader.Skip(field);
                    break;
            }
        }

        if (!hasGraph) throw _reader.Malformed(-1, "has no graph; the file is truncated or not an ONNX model");
    }

    private void ReadGraph(OnnxMessage graph)
    {
        int nodes = 0;
        int initializers = 0;
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Graph.Node, Type: WireType.LengthDelimited }:
                    ReadNode(Enter(OnnxMessageKind.Node, graph, field, nodes++));
                    break;
                case { Number: OnnxFields.Graph.Name, Type: WireType.LengthDelimited }:
                    _name = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Graph.Initializer, Type: WireType.LengthDelimited }:
                    ReadInitializer(Enter(OnnxMessageKind.Tensor, graph, field, initializers++));
                    break;
                case { Number: OnnxFields.Graph.SparseInitializer, Type: WireType.LengthDelimited }:
                    _unsupported.Add("sparse initializers cannot be run; export the model with dense ones");
                    _reader.Skip(field);
                    break;
                case { Number: OnnxFields.Graph.Input, Type: WireType.LengthDelimited }:
                    ReadValue(field, _inputs);
                    break;
                case { Number: OnnxFields.Graph.Output, Type: WireType.LengthDelimited }:
                    ReadValue(field, _outputs);
                    break;
                case { Number: OnnxFields.Graph.ValueInfo, Type: WireType.LengthDelimited }:
                    ReadValue(field, _values);
                    break;
                default:
                    _reader.Skip(field);
                    break;
            }
        }

        Leave(graph);
    }

    private void ReadInitializer(OnnxMessage message)
    {
        OnnxTensorRecord? record = OnnxTensorScan.Read(_reader, message, isTopology: _weights is not null, out string? unlisted, out _);
        Keep();
        if (record is null)
        {
            _unsupported.Add($"initializer '{message.Name}' cannot be run: it is {unlisted}");
        }
        else
        {
            if (!_initializerNames.Add(message.Name))
                throw _reader.Malformed(message.Payload.FieldStart, $"a second initializer is called '{message.Name}'; names must be unique");
            _initializers.Add(Resolve(record));
        }

        Leave(message);
    }

    private void ReadNode(OnnxMessage message)
    {
        List<string> inputs = [];
        List<string> outputs = [];
        List<PendingAttribute> attributes = [];
        HashSet<string> attributeNames = new(StringComparer.Ordinal);
        string domain = "";
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Node.Input, Type: WireType.LengthDelimited }:
                    Keep();
                    inputs.Add(_reader.ReadText(field, MaxTextBytes));
                    break;
                case { Number: OnnxFields.Node.Output, Type: WireType.LengthDelimited }:
                    Keep();
                    outputs.Add(_reader.ReadText(field, MaxTextBytes));
                    if (outputs.Count == 1) message.Output = outputs[0];
                    break;
                case { Number: OnnxFields.Node.Name, Type: WireType.LengthDelimited }:
                    message.Name = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.OperatorType, Type: WireType.LengthDelimited }:
                    message.OperatorType = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Domain, Type: WireType.LengthDelimited }:
                    domain = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Attribute, Type: WireType.LengthDelimited }:
                    PendingAttribute attribute = ReadAttribute(Enter(OnnxMessageKind.Attribute, message, field, attributes.Count));
                    if (!attributeNames.Add(attribute.Name))
                        throw _reader.Malformed(field.Start, $"attribute '{attribute.Name}' occurs twice");
                    attributes.Add(attribute);
                    break;
                default:
                    _reader.Skip(field);
                    break;
            }
        }

        Keep();

        // Tensors in attributes are named after the node's output, which a writer may put behind them.
        OnnxAttribute[] finished = new OnnxAttribute[attributes.Count];
        for (int i = 0; i < finished.Length; i++) finished[i] = attributes[i].Finish(this);
        _nodes.Add(new OnnxNode(message.OperatorType, inputs, outputs, finished, message.Name, domain));
        Leave(message);
    }

    private PendingAttribute ReadAttribute(OnnxMessage message)
    {
        PendingAttribute attribute = new(_source, message.Payload);
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Attribute.Name, Type: WireType.LengthDelimited }:
                    attribute.Name = message.Name = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Attribute.Type, Type: WireType.Varint }:
                    attribute.Type = (OnnxAttributeType)(int)_reader.ReadVarint();
                    break;
                case { Number: OnnxFields.Attribute.Float, Type: WireType.Fixed32 }:
                    attribute.Float = ReadSingle();
                    attribute.Found = OnnxAttributeType.Float;
                    break;
                case { Number: OnnxFields.Attribute.Int, Type: WireType.Varint }:
                    attribute.Int = (long)_reader.ReadVarint();
                    attribute.Found = OnnxAttributeType.Int;
                    break;
                case { Number: OnnxFields.Attribute.String, Type: WireType.LengthDelimited }:
                    attribute.String = _reader.ReadText(field, MaxTextBytes);
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
                    attribute.Ints.Add((long)_reader.ReadVarint());
                    attribute.Found = OnnxAttributeType.Ints;
                    break;
                case { Number: OnnxFields.Attribute.Ints, Type: WireType.LengthDelimited }:
                    ReadPackedInts(attribute, field);
                    break;
                case { Number: OnnxFields.Attribute.Strings, Type: WireType.LengthDelimited }:
                    Keep();
                    attribute.Strings.Add(_reader.ReadText(field, MaxTextBytes));
                    attribute.Found = OnnxAttributeType.Strings;
                    break;
                default:
                    _reader.Skip(field);
                    break;
            }
        }

        Keep();
        if (attribute.Name.Length == 0) throw _reader.Malformed(message.Payload.FieldStart, "an attribute has no name");
        Leave(message);
        return attribute;
    }

    private void ReadAttributeTensor(PendingAttribute attribute, OnnxMessage message)
    {
        OnnxTensorRecord? record = OnnxTensorScan.Read(_reader, message, isTopology: _weights is not null, out _, out _);
        Keep();
        if (record is null) attribute.HasUnreadableTensor = true;
        else attribute.Tensors.Add(record);
        Leave(message);
    }

    private void ReadPackedFloats(PendingAttribute attribute, WireField field)
    {
        long outer = _reader.Enter(_reader.ReadPayload(field));
        while (_reader.Position < _reader.Limit)
        {
            Keep();
            attribute.Floats.Add(ReadSingle());
        }

        attribute.Found = OnnxAttributeType.Floats;
        _reader.Leave(outer);
    }

    private void ReadPackedInts(PendingAttribute attribute, WireField field)
    {
        long outer = _reader.Enter(_reader.ReadPayload(field));
        while (_reader.Position < _reader.Limit)
        {
            Keep();
            attribute.Ints.Add((long)_reader.ReadVarint());
        }

        attribute.Found = OnnxAttributeType.Ints;
        _reader.Leave(outer);
    }

    private float ReadSingle()
    {
        Span<byte> bytes = stackalloc byte[4];
        _reader.ReadFixed(bytes);
        return BinaryPrimitives.ReadSingleLittleEndian(bytes);
    }

    private Tensor Resolve(OnnxTensorRecord record)
    {
        string name = record.Message.Path();
        if (_weights?.Invoke(name) is { } tensor)
        {
            if (tensor.ElementType == record.ElementType && tensor.Shape == record.Shape) return tensor;
            throw _reader.Malformed(
                record.Message.Payload.FieldStart, $"the graph wants {record.ElementType.Name()} {record.Shape}, the tensor '{name}' is {tensor.ElementType.Name()} {tensor.Shape}");
        }

        if (record.IsPlaceholder) throw _reader.Malformed(record.Message.Payload.FieldStart, $"the model has no tensor '{name}'");
        return new Tensor(record.Message.Name, record.ElementType, record.Shape, DataOf(record, name));
    }

    private ByteSource DataOf(OnnxTensorRecord record, string name)
    {
        if (record.External is null) return OnnxModel.InlineData(_source, record);
        _unsupported.Add($"tensor '{name}' lies in another file ('{record.External.Location}'); open the model with ModelFormats.Open and take the graph from it");
        return ByteSource.Deferred(name, record.ElementType.ByteLength(record.Shape.ElementCount), () => throw new InvalidOperationException($"tensor '{name}' lies in another file"));
    }

    private void ReadValue(WireField field, List<OnnxGraphValue> values)
    {
        Keep();
        long outer = _reader.Enter(_reader.ReadPayload(field));
        OnnxValue value = OnnxValueScan.Read(_reader);
        _reader.Leave(outer);
        ElementType type = ElementTypes.All.FirstOrDefault(candidate => candidate.Name() == value.Type);
        values.Add(new OnnxGraphValue(value.Name, type, value.Dimensions?.Select(Dimension).ToArray()));
    }

    private static OnnxDimension Dimension(string text)
    {
        if (long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long size))
            return new OnnxDimension(size);

        // Some exporters write -1 for what is not known.
        return text is "?" or "" || text[0] == '-' ? default : new OnnxDimension(text);
    }

    private void ReadOperatorSet(WireField field)
    {
        long outer = _reader.Enter(_reader.ReadPayload(field));
        string domain = "";
        long version = 0;
        while (_reader.TryReadField(out WireField part))
        {
            if (part is { Number: OnnxFields.OperatorSet.Domain, Type: WireType.LengthDelimited }) domain = _reader.ReadText(part, MaxTextBytes);
            else if (part is { Number: OnnxFields.OperatorSet.Version, Type: WireType.Varint }) version = (long)_reader.ReadVarint();
            else _reader.Skip(part);
        }

        Keep();
        _operatorSets.Add(new OnnxOperatorSet(domain, version));
        _reader.Leave(outer);
    }

    private void ReadMetadata(WireField field)
    {
        long outer = _reader.Enter(_reader.ReadPayload(field));
        string key = "";
        string value = "";
        while (_reader.TryReadField(out WireField part))
        {
            if (part is { Number: OnnxFields.Entry.Key, Type: WireType.LengthDelimited }) key = _reader.ReadText(part, MaxTextBytes);
            else if (part is { Number: OnnxFields.Entry.Value, Type: WireType.LengthDelimited }) value = _reader.ReadText(part, int.MaxValue);
            else _reader.Skip(part);
        }

        Keep();
        _metadata[key] = value;
        _reader.Leave(outer);
    }

    private OnnxMessage Enter(OnnxMessageKind kind, OnnxMessage parent, WireField field, int index)
    {
        WirePayload payload = _reader.ReadPayload(field);
        OnnxMessage message = new(kind, parent, payload, field.Number, index, _reader.Enter(payload));
        _reader.Context = message;
        return message;
    }

    private void Leave(OnnxMessage message)
    {
        _reader.Leave(message.OuterLimit);
        _reader.Context = message.Parent;
    }

    private void Keep()
    {
        if (++_items > MaxItems)
            throw new ResourceLimitException($"{_source.Name}: more than {MaxItems:N0} nodes, names, attributes and tensors; the file is not a usable model.");
    }

    /// <summary>An attribute whose tensors have not got their names yet.</summary>
    private sealed class PendingAttribute(ByteSource source, WirePayload place)
    {
        public string Name { get; set; } = "";

        public OnnxAttributeType Type { get; set; }

        public OnnxAttributeType Found { get; set; }

        public float Float { get; set; }

        public long Int { get; set; }

        public string String { get; set; } = "";

        public int TensorCount { get; set; }

        public bool HasUnreadableTensor { get; set; }

        public List<float> Floats { get; } = [];

        public List<long> Ints { get; } = [];

        public List<string> Strings { get; } = [];

        public List<OnnxTensorRecord> Tensors { get; } = [];

        public OnnxAttribute Finish(OnnxGraphReader reader)
        {
            // Files of IR version 1 do not state the type.
            OnnxAttributeType type = Type == OnnxAttributeType.Undefined ? Found : Type;
            switch (type)
            {
                case OnnxAttributeType.Float: return new OnnxAttribute(Name, Float);
                case OnnxAttributeType.Int: return new OnnxAttribute(Name, Int);
                case OnnxAttributeType.String: return new OnnxAttribute(Name, String);
                case OnnxAttributeType.Floats: return new OnnxAttribute(Name, (IReadOnlyList<float>)Floats);
                case OnnxAttributeType.Ints: return new OnnxAttribute(Name, (IReadOnlyList<long>)Ints);
                case OnnxAttributeType.Strings: return new OnnxAttribute(Name, (IReadOnlyList<string>)Strings);
                case OnnxAttributeType.Tensor when !HasUnreadableTensor && Tensors.Count == 1: return new OnnxAttribute(Name, reader.Resolve(Tensors[0]));
                case OnnxAttributeType.Tensors when !HasUnreadableTensor: return new OnnxAttribute(Name, (IReadOnlyList<Tensor>)Tensors.ConvertAll(reader.Resolve));
                default: return OnnxAttribute.Carry(Name, type, source.Slice(place.Start, place.Length));
            }
        }
    }
}
