using Tersor.Engine.Graphs;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Channels whose output is the same number for every input and at every place, such as those that a batch normalization scales by zero.</summary>
internal sealed class ConstantOutputs
{
    private readonly ChannelGroups _groups;
    private readonly InferredValues _inferred;
    private readonly UnitWeights _weights;
    private readonly Dictionary<string, ChannelLabels> _labels;
    private readonly HashSet<string> _initializers;

    // By value and channel; NaN where the output is not known to be constant.
    private readonly Dictionary<string, double[]> _constants = new(StringComparer.Ordinal);

    public ConstantOutputs(ChannelGroups groups, UnitWeights weights)
    {
        (_groups, _inferred, _weights) = (groups, groups.Walk.Inferred, weights);
        _labels = groups.Walk.Values.ToDictionary(value => value.Value, value => value.Labels, StringComparer.Ordinal);
        _initializers = [.. groups.Graph.Initializers.Select(tensor => tensor.Name)];
        foreach (OnnxNode node in _inferred.Nodes)
        {
            foreach (string output in node.Outputs)
            {
                if (_labels.TryGetValue(output, out ChannelLabels? labels)) _constants.Add(output, Of(node, labels));
            }
        }
    }

    /// <summary>The outputs of the channels of a value, NaN where they vary; null for values without channels.</summary>
    public double[]? Of(string value) => _constants.GetValueOrDefault(value);

    private double[] Of(OnnxNode node, ChannelLabels labels)
    {
        double[] varying = [.. Enumerable.Repeat(double.NaN, labels.Ids.Length)];
        double[]? input = Of(node.Inputs[0]);
        switch (node.OperatorType)
        {
            case "Conv" or "Gemm" when ReadsInitializers(node, 1):
                return OfProduct(node, varying);
            case "BatchNormalization" when input is not null && ReadsInitializers(node, 1, 2, 3, 4):
                return OfBatchNorm(node, input);
            case "Relu" when input is not null:
                return Array.ConvertAll(input, value => double.IsNaN(value) ? value : Math.Max(0, value));
            case "Identity" or "Dropout" or "MaxPool" or "GlobalAveragePool" or "GlobalMaxPool" when input is not null:
                return input;
            case "AveragePool" when input is not null && node.Find("count_include_pad") is null or { Int: 0 }:
                return input;
            case "Add" when node.Inputs.All(name => _labels.TryGetValue(name, out ChannelLabels? summand) && summand.Axis == labels.Axis && summand.Ids.Length == labels.Ids.Length):
                return [.. input!.Zip(Of(node.Inputs[1])!, (left, right) => left + right)];
            case "Concat" when _inferred.ShapeOf(node.Outputs[0])[labels.Axis] == node.Inputs.Sum(name => Of(name)?.Length ?? 0):
                return [.. node.Inputs.SelectMany(name => Of(name)!)];
            case "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" or "Transpose" or "Slice" or "Split" when input is not null:
                return Moved(_labels[node.Inputs[0]].Ids, input, labels.Ids);
            default:
                return varying;
        }
    }

    private bool ReadsInitializers(OnnxNode node, params ReadOnlySpan<int> inputs)
    {
        foreach (int input in inputs)
        {
            if (input >= node.Inputs.Count || !_initializers.Contains(node.Inputs[input])) return false;
        }

        return true;
    }

    // A filter of zeros gives its bias.
    private double[] OfProduct(OnnxNode node, double[] outputs)
    {
        bool hasBias = node.Inputs.Count > 2 && node.Inputs[2].Length > 0;
        if (hasBias && (!ReadsInitializers(node, 2) || _groups.ShapeOf(node.Inputs[2]).ElementCount != outputs.Length)) return outputs;
        float[] weight = _weights.Of(node.Inputs[1]);
        bool isColumn = node.OperatorType == "Gemm" && node.Find("transB") is null or { Int: 0 };
        double factor = node.OperatorType == "Gemm" && node.Find("beta") is { } beta ? beta.Float : 1;
        int length = weight.Length / outputs.Length;
        for (int o = 0; o < outputs.Length; o++)
        {
            bool isZero = true;
            for (int i = 0; i < length && isZero; i++) isZero = weight[isColumn ? (i * outputs.Length) + o : (o * length) + i] == 0;
            if (isZero) outputs[o] = hasBias ? factor * _weights.Of(node.Inputs[2])[o] : 0;
        }

        return outputs;
    }

    private double[] OfBatchNorm(OnnxNode node, double[] input)
    {
        double epsilon = node.Find("epsilon")?.Float ?? 1e-5f;
        (float[] scale, float[] bias) = (_weights.Of(node.Inputs[1]), _weights.Of(node.Inputs[2]));
        (float[] mean, float[] variance) = (_weights.Of(node.Inputs[3]), _weights.Of(node.Inputs[4]));
        return [.. input.Select((value, i) => scale[i] == 0 ? bias[i] : ((value - mean[i]) / Math.Sqrt(variance[i] + epsilon) * scale[i]) + bias[i])];
    }

    // The same ids at other places; one id with two outputs has none.
    private static double[] Moved(int[] from, double[] constants, int[] to)
    {
        Dictionary<int, double> byId = [];
        for (int i = 0; i < from.Length; i++)
        {
            if (!byId.TryAdd(from[i], constants[i]) && !byId[from[i]].Equals(constants[i])) byId[from[i]] = double.NaN;
        }

        return Array.ConvertAll(to, id => byId.GetValueOrDefault(id, double.NaN));
    }
}
