using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Channels;

/// <summary>Networks made layer by layer with random weights, normalizations with statistics of their own.</summary>
internal sealed class SmallNetworks
{
    private readonly OnnxGraphBuilder _graph;
    private readonly Seeded _random;
    private readonly Dictionary<string, long[]> _shapes = new(StringComparer.Ordinal);

    public SmallNetworks(ulong seed, params long[] sample)
    {
        _graph = new OnnxGraphBuilder("network");
        _random = new Seeded(seed);
        Input = _graph.AddInput("input", ElementType.Float32, [new OnnxDimension("N"), .. sample.Select(size => new OnnxDimension(size))]);
        _shapes[Input] = sample;
    }

    public string Input { get; }

    public long[] ShapeOf(string value) => _shapes[value];

    public string Constant(string name, params long[] shape) => Constant(name, Gaussians(shape), shape);

    public string Constant(string name, float[] values, params long[] shape) => _graph.AddInitializer(new Tensor(name, new TensorShape(shape), values));

    /// <summary>Random values that keep what they are multiplied with at its size.</summary>
    public string Weight(string name, long inputs, params long[] shape) => Constant(name, [.. Gaussians(shape).Select(value => value * 2 / MathF.Sqrt(inputs))], shape);

    public string Integers(string name, params long[] values) => _graph.AddInitializer(name, values);

    public string Convolution(string name, string input, int channels, int kernel = 3, int padding = 1, int groups = 1, bool bias = true, string? weight = null)
    {
        long[] shape = _shapes[input];
        weight ??= Weight($"{name}.weight", shape[0] / groups * kernel * kernel, channels, shape[0] / groups, kernel, kernel);
        string[] inputs = bias ? [input, weight, Constant($"{name}.bias", channels)] : [input, weight];
        return Node(name, "Conv", inputs, [channels, shape[1] + (2 * padding) - kernel + 1, shape[2] + (2 * padding) - kernel + 1], new("pads", [(long)padding, padding, padding, padding]), new("group", groups));
    }

    public string TransposedConvolution(string name, string input, int channels, int groups = 1)
    {
        long[] shape = _shapes[input];
        string[] inputs = [input, Weight($"{name}.weight", shape[0] / groups, shape[0], channels / groups, 2, 2), Constant($"{name}.bias", channels)];
        return Node(name, "ConvTranspose", inputs, [channels, shape[1] * 2, shape[2] * 2], new("strides", [2L, 2]), new("group", groups));
    }

    public string BatchNorm(string name, string input)
    {
        long channels = _shapes[input][0];
        float[] variances = [.. Gaussians(channels).Select(value => 0.5f + (value * value))];
        string[] inputs =
        [
            input, Constant($"{name}.scale", channels), Constant($"{name}.shift", channels), Constant($"{name}.mean", channels), Constant($"{name}.var", variances, channels),
        ];
        return Node(name, "BatchNormalization", inputs, _shapes[input]);
    }

    public string Dense(string name, string input, int outputs, bool transposed = true)
    {
        long inputs = _shapes[input][0];
        string weight = transposed ? Weight($"{name}.weight", inputs, outputs, inputs) : Weight($"{name}.weight", inputs, inputs, outputs);
        return Node(name, "Gemm", [input, weight, Constant($"{name}.bias", outputs)], [outputs], new OnnxAttribute("transB", transposed ? 1 : 0));
    }

    public string Unary(string name, string operatorType, string input) => Node(name, operatorType, [input], _shapes[input]);

    public string Binary(string name, string operatorType, string left, string right) => Node(name, operatorType, [left, right], _shapes[left]);

    public string Concat(string name, params string[] inputs) => Node(name, "Concat", inputs, [inputs.Sum(input => _shapes[input][0]), .. _shapes[inputs[0]][1..]], new OnnxAttribute("axis", 1));

    public string Flatten(string name, string input) => Node(name, "Flatten", [input], [_shapes[input].Aggregate(1L, (product, size) => product * size)]);

    public string Node(string name, string operatorType, IReadOnlyList<string> inputs, long[] shape, params IReadOnlyList<OnnxAttribute> attributes)
    {
        _shapes[name] = shape;
        return _graph.AddNode(operatorType, inputs, attributes, name);
    }

    public string[] Split(string name, string input, params long[] lengths)
    {
        string[] parts = [.. lengths.Select((_, i) => $"{name}.{i}")];
        for (int i = 0; i < parts.Length; i++) _shapes[parts[i]] = [lengths[i], .. _shapes[input][1..]];
        _graph.AddNode("Split", [input, Integers($"{name}.lengths", lengths)], parts, [new OnnxAttribute("axis", 1)]);
        return parts;
    }

    public OnnxGraph Build(params string[] outputs)
    {
        foreach (string output in outputs) _graph.AddOutput(output, ElementType.Float32, [new OnnxDimension("N"), .. _shapes[output].Select(size => new OnnxDimension(size))]);
        return _graph.Build();
    }

    public float[] Gaussians(params long[] shape)
    {
        float[] values = new float[new TensorShape(shape).ElementCount];
        for (int i = 0; i < values.Length; i++) values[i] = _random.NextGaussian() / 2;
        return values;
    }

    /// <summary>conv1 3 to 4, normalization, relu; conv2 4 to 4, normalization, added to it; flattened from 2 x 2; 3 outputs.</summary>
    public static OnnxGraph ResidualExample()
    {
        SmallNetworks net = new(1, 3, 2, 2);
        string x = net.Unary("relu", "Relu", net.BatchNorm("bn1", net.Convolution("conv1", net.Input, 4, bias: false)));
        string y = net.BatchNorm("bn2", net.Convolution("conv2", x, 4, bias: false));
        return net.Build(net.Dense("fc", net.Flatten("flat", net.Binary("sum", "Add", x, y)), 3));
    }

    /// <summary>Blocks in random order: plain, grouped and depthwise convolutions, normalizations, residual sums, concatenations, splits, gates, pools.</summary>
    public static OnnxGraph Random(ulong seed)
    {
        SmallNetworks net = new(seed, 3, 8, 8);
        Seeded random = new(seed * 31);
        string x = net.Convolution("stem", net.Input, 4 + (2 * random.NextInt(4)));
        int blocks = 3 + random.NextInt(5);
        for (int i = 0; i < blocks; i++)
        {
            string name = $"block{i}";
            int channels = (int)net.ShapeOf(x)[0];
            x = random.NextInt(12) switch
            {
                0 => net.Convolution(name, x, 4 + (2 * random.NextInt(4))),
                1 => net.Unary($"{name}.relu", "Relu", net.BatchNorm(name, net.Convolution($"{name}.conv", x, 4 + random.NextInt(6), kernel: 1, padding: 0, bias: false))),
                2 => net.Binary(name, "Add", x, net.Convolution($"{name}.conv", net.Unary($"{name}.act", "Sigmoid", x), channels)),
                3 => net.Concat(name, x, net.Convolution($"{name}.conv", x, 2 + random.NextInt(3))),
                4 => net.Convolution(name, x, channels, groups: channels),
                5 => net.Convolution(name, x, 2 * channels, groups: channels),
                6 when channels % 2 == 0 => net.Convolution(name, x, 6, groups: 2),
                7 => Gate(net, name, x),
                8 when channels > 3 => Crossed(net, name, x, channels),
                9 => net.Binary(name, "Mul", x, net.Constant($"{name}.factors", channels, 1, 1)),
                10 => net.Binary(name, "PRelu", x, net.Constant($"{name}.slopes", channels, 1, 1)),
                11 => Widened(net, name, x, channels),
                _ => net.BatchNorm(name, x),
            };
        }

        x = random.NextInt(3) switch
        {
            0 => net.Flatten("flat", net.Node("pool", "GlobalAveragePool", [x], [net.ShapeOf(x)[0], 1, 1])),
            1 => net.Flatten("flat", x),
            _ => Enlarged(net, random, x),
        };
        string hidden = random.NextInt(3) == 0
            ? net.Binary("hidden", "Add", net.Node("hidden.product", "MatMul", [x, net.Weight("hidden.weight", net.ShapeOf(x)[0], net.ShapeOf(x)[0], 9)], [9]), net.Constant("hidden.bias", 9))
            : net.Dense("hidden", x, 9, transposed: random.NextInt(2) == 0);
        x = net.Unary("hidden.tanh", "Tanh", hidden);
        return net.Build(net.Dense("answer", x, 5));
    }

    private static string Enlarged(SmallNetworks net, Seeded random, string x)
    {
        int channels = (int)net.ShapeOf(x)[0];
        int groups = random.NextInt(3) switch
        {
            0 => 1,
            1 => channels,
            _ => channels % 2 == 0 ? 2 : 1,
        };
        string up = net.TransposedConvolution("up", x, 2 * (groups == channels ? channels : 4), groups);
        long size = net.ShapeOf(up)[0] * 256;
        return net.Node("flat", "Reshape", [up, net.Integers("sizes", -1, size)], [size]);
    }

    // A shortcut with channels of zeros around it.
    private static string Widened(SmallNetworks net, string name, string x, int channels)
    {
        string padded = net.Node($"{name}.padded", "Pad", [x, net.Integers($"{name}.pads", 0, 2, 0, 0, 0, 1, 0, 0)], [channels + 3, .. net.ShapeOf(x)[1..]]);
        return net.Binary(name, "Add", padded, net.Convolution($"{name}.conv", x, channels + 3));
    }

    // Squeeze and excitation.
    private static string Gate(SmallNetworks net, string name, string x)
    {
        int channels = (int)net.ShapeOf(x)[0];
        string pooled = net.Node($"{name}.pool", "ReduceMean", [x], [channels, 1, 1], new OnnxAttribute("axes", [2L, 3]));
        string squeezed = net.Unary($"{name}.relu", "Relu", net.Convolution($"{name}.squeeze", pooled, 3, kernel: 1, padding: 0));
        string gate = net.Unary($"{name}.sigmoid", "Sigmoid", net.Convolution($"{name}.excite", squeezed, channels, kernel: 1, padding: 0));
        return net.Binary(name, "Mul", x, gate);
    }

    private static string Crossed(SmallNetworks net, string name, string x, int channels)
    {
        string[] parts = net.Split(name, x, 2, channels - 2);
        return net.Concat($"{name}.crossed", parts[1], net.Convolution($"{name}.conv", parts[0], 3));
    }
}
