namespace Tersor.Models.Onnx;

/// <summary>
/// One pass over a <c>ModelProto</c>: finds every tensor that holds weights, wherever it is (initializers, sparse initializers, tensors in attributes, of
/// subgraphs, functions and training graphs), and what the file says about itself. The weights themselves are passed over.
/// </summary>
internal sealed class OnnxScan : OnnxWalk
{
    private const int MaxTextBytes = 1 << 16;

    private readonly bool _isTopology;
    private readonly Action<string>? _warn;
    private readonly List<OnnxTensorRecord> _tensors = [];
    private readonly List<string> _unsupported = [];
    private readonly List<OnnxValue> _inputs = [];
    private readonly List<OnnxValue> _outputs = [];
    private readonly SortedDictionary<string, long> _operators = new(StringComparer.Ordinal);
    private readonly List<(string Key, long Start, long End)> _metadataFields = [];
    private long _irVersion;
    private string _producerName = "";
    private string _producerVersion = "";
    private string _graphName = "";
    private long _nodeCount;
    private int _functionCount;

    private OnnxScan(ByteSource source, bool isTopology, Action<string>? warn)
        : base(source, maxItems: 1 << 19, "tensors, operators, inputs and metadata entries")
    {
        _isTopology = isTopology;
        _warn = warn;
    }

    public IReadOnlyList<OnnxTensorRecord> Tensors => _tensors;

    public new IReadOnlyDictionary<string, string> Metadata => base.Metadata;

    /// <summary>Where each entry of the metadata lies in the file.</summary>
    public IReadOnlyList<(string Key, long Start, long End)> MetadataFields => _metadataFields;

    public OnnxSummary Summary => new()
    {
        IrVersion = _irVersion,
        OperatorSets = OperatorSets,
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
        Reader.Context = model;
        int trainings = 0;
        bool hasGraph = false;
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Model.IrVersion, Type: WireType.Varint }:
                    _irVersion = (long)Reader.ReadVarint();
                    break;
                case { Number: OnnxFields.Model.ProducerName, Type: WireType.LengthDelimited }:
                    _producerName = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Model.ProducerVersion, Type: WireType.LengthDelimited }:
                    _producerVersion = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Model.Graph, Type: WireType.LengthDelimited }:
                    hasGraph = true;
                    ReadGraph(Enter(OnnxMessageKind.Graph, model, field, 0));
                    break;
                case { Number: OnnxFields.Model.OpsetImport, Type: WireType.LengthDelimited }:
                    ReadOperatorSet(field);
                    break;
                case { Number: OnnxFields.Model.MetadataProps, Type: WireType.LengthDelimited }:
                    _metadataFields.Add((ReadMetadata(field), field.Start, Reader.Position));
                    break;
                case { Number: OnnxFields.Model.TrainingInfo, Type: WireType.LengthDelimited }:
                    ReadTraining(Enter(OnnxMessageKind.Training, model, field, trainings++));
                    break;
                case { Number: OnnxFields.Model.Functions, Type: WireType.LengthDelimited }:
                    ReadFunction(Enter(OnnxMessageKind.Function, model, field, _functionCount++));
                    break;
                default:
                    Reader.Skip(field);
                    break;
            }
        }

        if (!hasGraph) throw Reader.Malformed(-1, "has no graph; the file is truncated or not an ONNX model");
    }

    private void ReadTraining(OnnxMessage training)
    {
        while (Reader.TryReadField(out WireField field))
        {
            if (field is { Number: OnnxFields.Training.Initialization or OnnxFields.Training.Algorithm, Type: WireType.LengthDelimited })
                ReadGraph(Enter(OnnxMessageKind.Graph, training, field, 0));
            else
                Reader.Skip(field);
        }

        Leave(training);
    }

    private void ReadFunction(OnnxMessage function)
    {
        int nodes = 0;
        int attributes = 0;
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Function.Name, Type: WireType.LengthDelimited }:
                    function.Name = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Function.Node, Type: WireType.LengthDelimited }:
                    ReadNode(Enter(OnnxMessageKind.Node, function, field, nodes++));
                    break;
                case { Number: OnnxFields.Function.AttributeProto, Type: WireType.LengthDelimited }:
                    ReadAttribute(Enter(OnnxMessageKind.Attribute, function, field, attributes++));
                    break;
                default:
                    Reader.Skip(field);
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
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Graph.Node, Type: WireType.LengthDelimited }:
                    ReadNode(Enter(OnnxMessageKind.Node, graph, field, nodes++));
                    break;
                case { Number: OnnxFields.Graph.Name, Type: WireType.LengthDelimited } when isMain:
                    _graphName = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Graph.Initializer, Type: WireType.LengthDelimited }:
                    ReadTensor(Enter(OnnxMessageKind.Tensor, graph, field, initializers++));
                    break;
                case { Number: OnnxFields.Graph.SparseInitializer, Type: WireType.LengthDelimited }:
                    ReadSparseTensor(Enter(OnnxMessageKind.SparseTensor, graph, field, sparse++));
                    break;
                case { Number: OnnxFields.Graph.Input, Type: WireType.LengthDelimited } when isMain:
                    _inputs.Add(ReadValue(field));
                    break;
                case { Number: OnnxFields.Graph.Output, Type: WireType.LengthDelimited } when isMain:
                    _outputs.Add(ReadValue(field));
                    break;
                default:
                    Reader.Skip(field);
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
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Node.Output, Type: WireType.LengthDelimited } when outputs++ == 0:
                    node.Output = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Name, Type: WireType.LengthDelimited }:
                    node.Name = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.OperatorType, Type: WireType.LengthDelimited }:
                    node.OperatorType = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Domain, Type: WireType.LengthDelimited }:
                    domain = Reader.ReadText(field, MaxTextBytes);
                    break;
                case { Number: OnnxFields.Node.Attribute, Type: WireType.LengthDelimited }:
                    ReadAttribute(Enter(OnnxMessageKind.Attribute, node, field, attributes++));
                    break;
                default:
                    Reader.Skip(field);
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
        while (Reader.TryReadField(out WireField field))
        {
            switch (field)
            {
                case { Number: OnnxFields.Attribute.Name, Type: WireType.LengthDelimited }:
                    attribute.Name = Reader.ReadText(field, MaxTextBytes);
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
                    Reader.Skip(field);
                    break;
            }
        }

        Leave(attribute);
    }

    private void ReadSparseTensor(OnnxMessage sparse)
    {
        int parts = 0;
        while (Reader.TryReadField(out WireField field))
        {
            if (field is { Number: OnnxFields.SparseTensor.Values or OnnxFields.SparseTensor.Indices, Type: WireType.LengthDelimited })
            {
                OnnxMessage part = Enter(OnnxMessageKind.Tensor, sparse, field, parts++);
                ReadTensor(part);
                if (field.Number == OnnxFields.SparseTensor.Values) sparse.Name = part.Name;
            }
            else
            {
                Reader.Skip(field);
            }
        }

        Leave(sparse);
    }

    private void ReadTensor(OnnxMessage message)
    {
        OnnxTensorRecord? tensor = OnnxTensorScan.Read(Reader, message, _isTopology, out string? unlisted, out bool isOutside);
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
            _warn?.Invoke($"{Source.Name}: {message} is {unlisted}, carried along as it is");
        }

        Leave(message);
    }
}
