using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>
/// Follows channels through a graph: each gets an id where a weight makes it, and ids that operators tie together are united. Every use of an initializer is either
/// known, then its axes carry ids, or it keeps the tensor as it is; operators that are not known, or mix channels, keep what they read.
/// </summary>
internal sealed partial class ChannelWalk
{
    private readonly OnnxGraph _graph;
    private readonly InferredValues _inferred;
    private readonly Dictionary<string, Tensor> _initializers;
    private readonly Dictionary<string, string> _aliases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ChannelLabels> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, int), WeightAxis> _axesByPlace = [];

    // Values of integers that a number of channels went into.
    private readonly Dictionary<string, ChannelLabels> _counts = new(StringComparer.Ordinal);

    // Those among them that are all dimensions of a value.
    private readonly HashSet<string> _shapes = new(StringComparer.Ordinal);

    public ChannelWalk(OnnxGraph graph)
    {
        _graph = graph;
        _inferred = InferredValues.Of(graph);
        _initializers = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (OnnxNode node in _inferred.Nodes) Visit(node);
        foreach (OnnxGraphValue output in graph.Outputs) FreezeValue(output.Name, $"they are the graph's output '{output.Name}'");
    }

    public ChannelIds Ids { get; } = new();

    /// <summary>Values with channels that may go, in the order of computation.</summary>
    public List<(string Value, ChannelLabels Labels)> Values { get; } = [];

    /// <summary>Initializers' axes of channels, in the order of first use.</summary>
    public List<WeightAxis> Axes { get; } = [];

    public List<ChannelProduct> Products { get; } = [];

    /// <summary>Names of the values that products read channels from.</summary>
    public HashSet<string> Read { get; } = new(StringComparer.Ordinal);

    public List<ChannelEdit> Edits { get; } = [];

    public InferredValues Inferred => _inferred;

    private void Visit(OnnxNode node)
    {
        string? output = node.Outputs.FirstOrDefault(name => name.Length > 0);
        if (output is null) return;
        if (_inferred.TypeOf(output) != ElementType.Float32)
        {
            FollowCounts(node);
            return;
        }

        if (node.OperatorType != "Reshape") FreezeCounts(node);
        switch (node.OperatorType)
        {
            case "Conv":
                VisitConvolution(node);
                break;
            case "ConvTranspose":
                VisitTransposedConvolution(node);
                break;
            case "Gemm":
                VisitGemm(node);
                break;
            case "MatMul":
                VisitMatrixProduct(node);
                break;
            case "Gather":
                VisitGather(node);
                break;
            case "BatchNormalization" or "InstanceNormalization":
                VisitNormalization(node);
                break;
            case "Add" or "Sub" or "Mul" or "Div" or "Max" or "Min" or "Pow" or "PRelu" or "Where":
                VisitBroadcast(node);
                break;
            case "Identity" when IsInitializer(node.Inputs[0]):
                _aliases[node.Outputs[0]] = Resolve(node.Inputs[0]);
                break;
            case "Relu" or "LeakyRelu" or "Clip" or "Sigmoid" or "Tanh" or "HardSigmoid" or "HardSwish" or "Elu" or "Erf" or "Exp" or "Log" or "Neg" or "Abs" or "Sqrt" or "Sign" or "Gelu"
                or "Dropout" or "Identity":
                VisitElementwise(node);
                break;
            case "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool":
                VisitPooling(node);
                break;
            case "Softmax" or "LogSoftmax":
                VisitSoftmax(node);
                break;
            case "ReduceMean" or "ReduceSum" or "ReduceMax":
                VisitReduction(node);
                break;
            case "Flatten" or "Squeeze" or "Unsqueeze" or "Reshape":
                VisitReshape(node);
                break;
            case "Transpose":
                VisitTranspose(node);
                break;
            case "Concat":
                VisitConcat(node);
                break;
            case "Split":
                VisitSplit(node);
                break;
            case "Slice":
                VisitSlice(node);
                break;
            case "Pad":
                VisitPad(node);
                break;
            case "Resize":
                VisitResize(node);
                break;
            default:
                FreezeInputs(node, $"{node} reads them");
                break;
        }
    }

    private string Resolve(string name) => _aliases.GetValueOrDefault(name, name);

    private bool IsInitializer(string name) => _initializers.TryGetValue(Resolve(name), out Tensor? tensor) && tensor.ElementType == ElementType.Float32;

    private TensorShape ShapeOf(string value) => _inferred.ShapeOf(value);

    private ChannelLabels? LabelsOf(string value) => _labels.GetValueOrDefault(value);

    private void Label(string value, int axis, int[] ids)
    {
        ChannelLabels labels = new(axis, ids);
        _labels.Add(value, labels);
        Values.Add((value, labels));
    }

    /// <summary>The ids along an axis of an initializer: made at the first use, the same for every use, so that tied weights stay tied.</summary>
    private int[] AxisOf(string initializer, int axis, ChannelRole role)
    {
        string name = Resolve(initializer);
        if (!_axesByPlace.TryGetValue((name, axis), out WeightAxis? known))
        {
            known = new WeightAxis(name, axis, Ids.Add(_initializers[name].Shape[axis]), role);
            _axesByPlace.Add((name, axis), known);
            Axes.Add(known);
        }

        return known.Ids;
    }

    /// <summary>Keeps all axes of an initializer but those that a node knows.</summary>
    private void FreezeAxes(string initializer, string reason, params ReadOnlySpan<int> knownAxes)
    {
        TensorShape shape = _initializers[Resolve(initializer)].Shape;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (shape[axis] > 1 && !knownAxes.Contains(axis)) Ids.Freeze(AxisOf(initializer, axis, ChannelRole.Vector), reason);
        }
    }

    private void FreezeValue(string value, string reason)
    {
        if (IsInitializer(value)) FreezeAxes(value, reason);
        else if (LabelsOf(value) is { } labels) Ids.Freeze(labels.Ids, reason);
    }

    private void FreezeInputs(OnnxNode node, string reason, int from = 0)
    {
        for (int i = from; i < node.Inputs.Count; i++) FreezeValue(node.Inputs[i], reason);
    }

    // What follows from the number of channels is right for fewer channels only where it goes on to be a shape that is stated anew.
    private void FollowCounts(OnnxNode node)
    {
        if (node.OperatorType == "Shape" && LabelsOf(node.Inputs[0]) is { } labels)
        {
            _counts.Add(node.Outputs[0], labels);
            if (node.Attributes.Count == 0) _shapes.Add(node.Outputs[0]);
            return;
        }

        FreezeInputs(node, $"{node} reads them");
        ChannelLabels? counted = node.Inputs.Select(input => _counts.GetValueOrDefault(input)).FirstOrDefault(counts => counts is not null);
        bool takesOtherSizes = counted is not null && node.OperatorType == "Gather" && _shapes.Contains(node.Inputs[0]) && _inferred.ConstantOf(node.Inputs[1]) is { ElementType: not ElementType.Float32 } places
            && places.Integers.All(place => place >= 0 && place != counted.Axis);
        foreach (string output in node.Outputs)
        {
            if (counted is not null && !takesOtherSizes && output.Length > 0) _counts.Add(output, counted);
        }
    }

    private void FreezeCounts(OnnxNode node)
    {
        foreach (string input in node.Inputs)
        {
            if (_counts.TryGetValue(input, out ChannelLabels? counted)) Ids.Freeze(counted.Ids, $"{node} computes with their number");
        }
    }

    private static long Integer(OnnxNode node, string attribute, long otherwise) => node.Find(attribute)?.Int ?? otherwise;
}
