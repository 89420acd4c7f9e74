using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Networks;

/// <summary>
/// Makes networks layer by layer as ONNX graphs, with weights drawn at random: normal with variance 2 / inputs (He et al. 2015), biases zero. The same seed gives
/// the same network.
/// </summary>
public sealed class NetworkBuilder
{
    private readonly OnnxGraphBuilder _graph;
    private readonly ulong _seed;
    private readonly Dictionary<string, long[]> _shapes = new(StringComparer.Ordinal);

    /// <summary>Starts a network with one input of open batch.</summary>
    /// <param name="name">The graph's name.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="sample">Shape of one sample, such as 3, 32, 32.</param>
    public NetworkBuilder(string name, ulong seed, params IReadOnlyList<long> sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        _graph = new OnnxGraphBuilder(name);
        _seed = seed;
        Input = _graph.AddInput("input", ElementType.Float32, [new OnnxDimension("N"), .. sample.Select(size => new OnnxDimension(size))]);
        _shapes[Input] = [.. sample];
    }

    /// <summary>Name of the input.</summary>
    public string Input { get; }

    /// <summary>Shape of a value, without the batch.</summary>
    public IReadOnlyList<long> ShapeOf(string value) => _shapes[value];

    /// <summary>Convolution with square kernel and the same padding on all sides.</summary>
    public string Convolution(string name, string input, int channels, int kernel, int stride = 1, int padding = 0, int groups = 1, bool bias = true)
    {
        long[] shape = _shapes[input];
        long perGroup = shape[0] / groups;
        List<string> inputs = [input, Weight($"{name}.weight", perGroup * kernel * kernel, channels, perGroup, kernel, kernel)];
        if (bias) inputs.Add(Fill($"{name}.bias", 0, channels));
        OnnxAttribute[] attributes =
        [
            new("kernel_shape", [(long)kernel, kernel]),
            new("strides", [(long)stride, stride]),
            new("pads", [(long)padding, padding, padding, padding]),
            new("group", groups),
        ];
        return Add(name, "Conv", inputs, attributes, channels, Slide(shape[1], kernel, stride, padding), Slide(shape[2], kernel, stride, padding));
    }

    /// <summary>Batch normalization; scale 1, bias 0, running statistics 0 and 1.</summary>
    public string BatchNormalization(string name, string input)
    {
        long channels = _shapes[input][0];
        string[] inputs =
        [
            input,
            Fill($"{name}.weight", 1, channels),
            Fill($"{name}.bias", 0, channels),
            Fill($"{name}.running_mean", 0, channels),
            Fill($"{name}.running_var", 1, channels),
        ];
        return Add(name, "BatchNormalization", inputs, [new("epsilon", 1e-5f), new("momentum", 0.9f)], _shapes[input]);
    }

    /// <summary>The larger of the value and zero.</summary>
    public string Relu(string name, string input) => Add(name, "Relu", [input], [], _shapes[input]);

    /// <summary>The largest value of square windows.</summary>
    public string MaxPool(string name, string input, int kernel, int stride)
    {
        long[] shape = _shapes[input];
        return Add(
            name, "MaxPool", [input], [new("kernel_shape", [(long)kernel, kernel]), new("strides", [(long)stride, stride])],
            shape[0], Slide(shape[1], kernel, stride, 0), Slide(shape[2], kernel, stride, 0));
    }

    /// <summary>The mean of every channel.</summary>
    public string GlobalAveragePool(string name, string input) => Add(name, "GlobalAveragePool", [input], [], _shapes[input][0], 1, 1);

    /// <summary>All elements of a sample in one row.</summary>
    public string Flatten(string name, string input) => Add(name, "Flatten", [input], [new("axis", 1)], new TensorShape(_shapes[input]).ElementCount);

    /// <summary>A fully connected layer with bias; the weight is outputs x inputs.</summary>
    public string Dense(string name, string input, int outputs)
    {
        long inputs = _shapes[input][0];
        return Add(name, "Gemm", [input, Weight($"{name}.weight", inputs, outputs, inputs), Fill($"{name}.bias", 0, outputs)], [new("transB", 1)], outputs);
    }

    /// <summary>The sum of two values of one shape.</summary>
    public string Sum(string name, string left, string right) => Add(name, "Add", [left, right], [], _shapes[left]);

    /// <summary>Probabilities of classes: a network that ends in them trains as one that ends in logits.</summary>
    public string Softmax(string name, string input) => Add(name, "Softmax", [input], [new("axis", -1)], _shapes[input]);

    /// <summary>Random zeros while training.</summary>
    public string Dropout(string name, string input, float ratio)
    {
        string ratioName = _graph.AddInitializer(new Tensor($"{name}.ratio", default, [ratio]));
        return Add(name, "Dropout", [input, ratioName], [], _shapes[input]);
    }

    /// <summary>Ends the network with a value as its only output, called <c>logits</c>.</summary>
    public OnnxGraph Build(string output)
    {
        long[] shape = _shapes[output];
        string logits = _graph.AddNode("Identity", [output], output: "logits");
        _graph.AddOutput(logits, ElementType.Float32, [new OnnxDimension("N"), .. shape.Select(size => new OnnxDimension(size))]);
        return _graph.Build();
    }

    private static long Slide(long size, int kernel, int stride, int padding) => ((size + (2 * padding) - kernel) / stride) + 1;

    private string Add(string name, string operatorType, IReadOnlyList<string> inputs, IReadOnlyList<OnnxAttribute> attributes, params long[] shape)
    {
        string output = _graph.AddNode(operatorType, inputs, attributes, $"{name}.out");
        _shapes[output] = shape;
        return output;
    }

    private string Weight(string name, long inputs, params long[] shape)
    {
        float[] values = new float[new TensorShape(shape).ElementCount];
        float deviation = MathF.Sqrt(2f / inputs);
        RandomStream random = new(_seed, name);
        for (int i = 0; i < values.Length; i++) values[i] = deviation * random.NextGaussian();
        return _graph.AddInitializer(new Tensor(name, new TensorShape(shape), values));
    }

    private string Fill(string name, float value, long count)
    {
        float[] values = new float[count];
        values.AsSpan().Fill(value);
        return _graph.AddInitializer(new Tensor(name, new TensorShape(count), values));
    }
}
