namespace Tersor.Models.Onnx;

/// <summary>
/// One pass over a <c>ModelProto</c>: finds every tensor that holds weights, wherever it is (initializers, sparse initializers, tensors in attributes, of
/// subgraphs, functions and training graphs), and what the file says about itself. The weights themselves are passed over.
/// </summary>
internal sealed class OnnxScan
{
    private const int MaxTextBytes = 1 << 16;
    private const int MaxMetadataBytes = 1 << 26;

    // Each thing kept costs far more memory than the few bytes that can declare it.
    private const int MaxItems = 1 << 19;

    private readonly WireReader _reader;
    private readonly ByteSource _source;
    private readonly bool _isTopology;
    private readonly Action<string>? _warn;
    private readonly List<OnnxTensorRecord> _tensors = [];
    private readonly List<string> _unsupported = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly List<OnnxOperatorSet> _operatorSets = [];
    private readonly List<OnnxValue> _inputs = [];
    private readonly List<OnnxValue> _outputs = [];
    private readonly SortedDictionary<string, long> _operators = new(StringComparer.Ordinal);
    private long _irVersion;
    private string _producerName = "";
    private string _producerVersion = "";
    private string _graphName = "";
    private long _nodeCount;
    private int _functionCount;
    private int _items;

    private OnnxScan(ByteSource source, bool isTopology, Action<string>? warn)
    {
        _source = source;
        _isTopology = isTopology;
        _warn = warn;
        _reader = new WireReader(source, 0, source.Length);
    }

    public IReadOnlyList<OnnxTensorRecord> Tensors => _tensors;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    public OnnxSummary Summary => new()
    {
        IrVersion = _irVersion,
        OperatorSets = _operatorSets,
        ProducerName = _producerName,
        ProducerVersion = _producerVersion,
        GraphName = _graphName,
        Inputs = _inputs,
        Outputs = _outputs,
        NodeCount = _nodeCount,
        Operators = _operators,
        FunctionCount = _functionCount,
    };

    /// <summary>Scans a model, or a topology where weights may be missing.</summary>
    /// <exception cref="ModelFormatException">The bytes are malformed.</exception>
    /// <exception cref="UnsupportedModelException">Text, or elements of unknown type, in files beside the model.</exception>
    /// <exception cref="ResourceLimitException">More tensors, names or inputs than are kept.</exception>
    public static OnnxScan Read(ByteSource source, bool isTopology, Action<string>? warn = null)
    {
        OnnxScan scan = new(source, isTopology, warn);
        scan.ReadModel(new OnnxMessage(source.Length));
        if (scan._unsupported.Count > 0) throw new UnsupportedModelException(source.Name, scan._unsupported);
        OnnxTensorNames.Assign(scan._tensors, source.Name);
        return scan;
    }

    private void ReadModel(OnnxMessage model)
    {
        _reader.Context = model;
        int trainings = 0;
        bool hasGraph = false;
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Model.IrVersion, Type: WireType.Varint }:
                    _irVersion = (long)_reader.ReadVarint();
                    break;
                case { Number: OnnxFields.Model.ProducerName, Type: WireType.LengthDelimited }:
                    _producerName = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Model.ProducerVersion, Type: WireType.LengthDelimited }:
                    _producerVersion = _reader.ReadText(field, MaxTextBytes);
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
                case { Number: OnnxFields.Model.TrainingInfo, Type: WireType.LengthDelimited }:
                    ReadTraining(Enter(OnnxMessageKind.Training, model, field, trainings++));
                    break;
                case { Number: OnnxFields.Model.Functions, Type: WireType.LengthDelimited }:
                    ReadFunction(Enter(OnnxMessageKind.Function, model, field, _functionCount++));
                    break;
                default:
                    _reader.Skip(field);
                    break;
            }
        }

        if (!hasGraph) throw _reader.Malformed(-1, "has no graph; the file is truncated or not an ONNX model");
    }

    private void ReadTraining(OnnxMessage training)
    {
        while (_reader.TryReadField(out WireField field))
        {
            if (field is { Number: OnnxFields.Training.Initialization or OnnxFields.Training.Algorithm, Type: WireType.LengthDelimited })
                ReadGraph(Enter(OnnxMessageKind.Graph, training, field, 0));
            else
                _reader.Skip(field);
        }

        Leave(training);
    }

    private void ReadFunction(OnnxMessage function)
    {
        int nodes = 0;
        int attributes = 0;
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Function.Name, Type: WireType.LengthDelimited }:
                    function.Name = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Function.Node, Type: WireType.LengthDelimited }:
                    ReadNode(Enter(OnnxMessageKind.Node, function, field, nodes++));
                    break;
                case { Number: OnnxFields.Function.AttributeProto, Type: WireType.LengthDelimited }:
                    ReadAttribute(Enter(OnnxMessageKind.Attribute, function, field, attributes++));
                    break;
                default:
                    _reader.Skip(field);
                    break;
            }
        }

        Leave(function);
    }

    private void ReadGraph(OnnxMessage graph)
    {
        bool isMain = graph.Parent is OnnxMessage { Kind: OnnxMessageKind.Model };
        int nodes = 0;
        int initializers = 0;
        int sparse = 0;
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Graph.Node, Type: WireType.LengthDelimited }:
                    ReadNode(Enter(OnnxMessageKind.Node, graph, field, nodes++));
                    break;
                case { Number: OnnxFields.Graph.Name, Type: WireType.LengthDelimited } when isMain:
                    _graphName = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Graph.Initializer, Type: WireType.LengthDelimited }:
                    ReadTensor(Enter(OnnxMessageKind.Tensor, graph, field, initializers++));
                    break;
                case { Number: OnnxFields.Graph.SparseInitializer, Type: WireType.LengthDelimited }:
                    ReadSparseTensor(Enter(OnnxMessageKind.SparseTensor, graph, field, sparse++));
                    break;
                case { Number: OnnxFields.Graph.Input, Type: WireType.LengthDelimited } when isMain:
                    ReadValue(field, _inputs);
                    break;
                case { Number: OnnxFields.Graph.Output, Type: WireType.LengthDelimited } when isMain:
                    ReadValue(field, _outputs);
                    break;
                default:
                    _reader.Skip(field);
                    break;
            }
        }

        Leave(graph);
    }

    private void ReadNode(OnnxMessage node)
    {
        string domain = "";
        int outputs = 0;
        int attributes = 0;
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Node.Output, Type: WireType.LengthDelimited } when outputs++ == 0:
                    node.Output = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Name, Type: WireType.LengthDelimited }:
                    node.Name = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.OperatorType, Type: WireType.LengthDelimited }:
                    node.OperatorType = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Domain, Type: WireType.LengthDelimited }:
                    domain = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Attribute, Type: WireType.LengthDelimited }:
                    ReadAttribute(Enter(OnnxMessageKind.Attribute, node, field, attributes++));
                    break;
                default:
                    _reader.Skip(field);
                    break;
            }
        }

        string name = domain is "" or "ai.onnx" ? node.OperatorType : $"{domain}::{node.OperatorType}";
        if (!_operators.TryGetValue(name, out long count)) Keep();
        _operators[name] = count + 1;
        _nodeCount++;
        Leave(node);
    }

    private void ReadAttribute(OnnxMessage attribute)
    {
        int tensors = 0;
        int graphs = 0;
        int sparse = 0;
        while (_reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Attribute.Name, Type: WireType.LengthDelimited }:
                    attribute.Name = _reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Attribute.Tensor or OnnxFields.Attribute.Tensors, Type: WireType.LengthDelimited }:
                    ReadTensor(Enter(OnnxMessageKind.Tensor, attribute, field, tensors++));
                    break;
                case { Number: OnnxFields.Attribute.Graph or OnnxFields.Attribute.Graphs, Type: WireType.LengthDelimited }:
                    ReadGraph(Enter(OnnxMessageKind.Graph, attribute, field, graphs++));
                    break;
                case { Number: OnnxFields.Attribute.SparseTensor or OnnxFields.Attribute.SparseTensors, Type: WireType.LengthDelimited }:
                    ReadSparseTensor(Enter(OnnxMessageKind.SparseTensor, attribute, field, sparse++));
                    break;
                default:
                    _reader.Skip(field);
                    break;
            }
        }

        Leave(attribute);
    }

    private void ReadSparseTensor(OnnxMessage sparse)
    {
        int parts = 0;
        while (_reader.TryReadField(out WireField field))
        {
            if (field is { Number: OnnxFields.SparseTensor.Values or OnnxFields.SparseTensor.Indices, Type: WireType.LengthDelimited })
            {
                OnnxMessage part = Enter(OnnxMessageKind.Tensor, sparse, field, parts++);
                ReadTensor(part);
                if (field.Number == OnnxFields.SparseTensor.Values) sparse.Name = part.Name;
            }
            else
            {
                _reader.Skip(field);
            }
        }

        Leave(sparse);
    }

    private void ReadTensor(OnnxMessage message)
    {
        OnnxTensorRecord? tensor = OnnxTensorScan.Read(_reader, message, _isTopology, out string? unlisted, out bool isOutside);
        if (tensor is not null)
        {
            Keep();
            _tensors.Add(tensor);
        }
        else if (isOutside)
        {
            Keep();
            _unsupported.Add($"{message} has its data in another file, and is {unlisted}; re-export it with its data inside");
        }
        else
        {
            _warn?.Invoke($"{_source.Name}: {message} is {unlisted}, carried along as it is");
        }

        Leave(message);
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
            else if (part is { Number: OnnxFields.Entry.Value, Type: WireType.LengthDelimited }) value = _reader.ReadText(part, MaxMetadataBytes);
            else _reader.Skip(part);
        }

        Keep();
        _metadata[key] = value;
        _reader.Leave(outer);
    }

    private void ReadValue(WireField field, List<OnnxValue> values)
    {
        Keep();
        long outer = _reader.Enter(_reader.ReadPayload(field));
        values.Add(OnnxValueScan.Read(_reader));
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
            throw new ResourceLimitException($"{_source.Name}: more than {MaxItems:N0} tensors, operators, inputs and metadata entries; the file is not a usable model.");
    }
}
