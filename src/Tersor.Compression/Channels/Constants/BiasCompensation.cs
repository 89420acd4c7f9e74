using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>
/// Adds what removed channels with a constant output gave to the biases of the layers that read them. Exact for <c>Gemm</c> and for convolutions without padding; at padded borders a
/// channel gives less than inside, so nothing is added there.
/// </summary>
internal sealed class BiasCompensation
{
    private readonly ChannelGroups _groups;
    private readonly UnitWeights _weights;
    private readonly Dictionary<string, float[]> _biases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxNode> _nodes = new(StringComparer.Ordinal);
    private readonly HashSet<ChannelUnit> _compensated = [];
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);

    public BiasCompensation(ChannelGroups groups, IReadOnlySet<ChannelUnit> removed)
    {
        _groups = groups;
        _weights = new UnitWeights(groups);
        Dictionary<string, ChannelLabels> labels = groups.Walk.Values.ToDictionary(value => value.Value, value => value.Labels, StringComparer.Ordinal);
        foreach (string name in groups.Graph.Nodes.SelectMany(node => node.Inputs).Concat(groups.Graph.Outputs.Select(output => output.Name))) _uses[name] = _uses.GetValueOrDefault(name) + 1;
        ConstantOutputs outputs = new(groups, _weights);
        foreach (OnnxNode node in groups.Walk.Inferred.Nodes)
        {
            if (!IsExact(node) || !labels.TryGetValue(node.Inputs[0], out ChannelLabels? read) || read.Axis != 1) continue;
            double[] constants = outputs.Of(node.Inputs[0])!;
            for (int channel = 0; channel < constants.Length; channel++)
            {
                if (double.IsNaN(constants[channel]) || constants[channel] == 0 || groups.UnitOf(read.Ids[channel]) is not { } unit || !removed.Contains(unit)) continue;
                Add(node, channel, constants[channel], labels[node.Outputs[0]].Ids);
                _compensated.Add(unit);
            }
        }

        Graph = _nodes.Count == 0 && _biases.Count == 0 ? groups.Graph : groups.Graph.With(
            [.. groups.Graph.Nodes.Select(node => _nodes.GetValueOrDefault(node.Outputs.FirstOrDefault(""), node))],
            [
                .. groups.Graph.Initializers.Select(tensor => _biases.Remove(tensor.Name, out float[]? bias) ? new Tensor(tensor.Name, tensor.Shape, bias) : tensor),
                .. _biases.Select(bias => new Tensor(bias.Key, new TensorShape(bias.Value.Length), bias.Value)),
            ]);
    }

    /// <summary>The network with other biases, all channels still there.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>Axes of biases that the network had not.</summary>
    public List<WeightAxis> AddedAxes { get; } = [];

    /// <summary>Units whose constant was added somewhere.</summary>
    public int Channels => _compensated.Count;

    private bool IsExact(OnnxNode node)
    {
        if (node.OperatorType is not ("Conv" or "Gemm") || !_groups.Weights.Contains(node.Inputs[1])) return false;
        bool hasBias = node.Inputs.Count > 2 && node.Inputs[2].Length > 0;
        if (hasBias && !_groups.Walk.Axes.Any(axis => axis.Parameter == node.Inputs[2] && axis.Ids.Length == _groups.ShapeOf(axis.Parameter).ElementCount)) return false;
        if (node.OperatorType == "Gemm") return node.Find("alpha") is null or { Float: 1 } && node.Find("beta") is null or { Float: 1 } && node.Find("transA") is null or { Int: 0 };
        bool isDepthwise = (node.Find("group")?.Int ?? 1) > 1 && _groups.ShapeOf(node.Inputs[1])[1] == 1;
        return !isDepthwise && node.Find("auto_pad") is null or { String: "NOTSET" or "VALID" } && (node.Find("pads")?.Ints.All(pad => pad == 0) ?? true);
    }

    private void Add(OnnxNode node, int channel, double constant, int[] made)
    {
        float[] bias = BiasOf(node, made);
        float[] weight = _weights.Of(node.Inputs[1]);
        TensorShape shape = _groups.ShapeOf(node.Inputs[1]);
        if (node.OperatorType == "Gemm")
        {
            bool isTransposed = node.Find("transB") is { Int: not 0 };
            for (int o = 0; o < bias.Length; o++) bias[o] = (float)(bias[o] + (constant * weight[isTransposed ? (o * (int)shape[1]) + channel : (channel * bias.Length) + o]));
            return;
        }

        int perGroup = (int)shape[1];
        int kernel = (int)new TensorShape(shape.Dimensions[2..]).ElementCount;
        int outputsPerGroup = bias.Length / (int)(node.Find("group")?.Int ?? 1);
        int first = channel / perGroup * outputsPerGroup;
        for (int o = first; o < first + outputsPerGroup; o++)
        {
            double sum = 0;
            foreach (float value in weight.AsSpan(((o * perGroup) + (channel % perGroup)) * kernel, kernel)) sum += value;
            bias[o] = (float)(bias[o] + (constant * sum));
        }
    }

    // A bias that other nodes read too, or that is not there, becomes one of the node's own.
    private float[] BiasOf(OnnxNode node, int[] made)
    {
        OnnxNode changed = _nodes.GetValueOrDefault(node.Outputs[0], node);
        string name = changed.Inputs.Count > 2 ? changed.Inputs[2] : "";
        if (_biases.TryGetValue(name, out float[]? known)) return known;
        float[] values = name.Length > 0 ? [.. _weights.Of(name)] : new float[made.Length];
        if (name.Length == 0 || _uses[name] > 1)
        {
            name = $"{node.Outputs[0]}/bias";
            while (!_uses.TryAdd(name, 1)) name += "'";
            _nodes[node.Outputs[0]] = node.WithInput(2, name);
            AddedAxes.Add(new WeightAxis(name, 0, made, ChannelRole.Vector));
        }

        _biases.Add(name, values);
        return values;
    }
}
