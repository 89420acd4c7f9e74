using Tersor.Engine.Networks;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Operators;

/// <summary>Networks whose input is an initializer, so that they run without one: those made in code, a U-Net and a transformer encoder as exporters write them.</summary>
internal static class WholeNetworks
{
    public static IReadOnlyDictionary<string, OnnxGraph> All { get; } = Make();

    private static Dictionary<string, OnnxGraph> Make()
    {
        Dictionary<string, OnnxGraph> networks = new(StringComparer.Ordinal)
        {
            ["U-Net"] = UNet(),
            ["transformer encoder"] = TransformerEncoder(),
        };
        foreach (string name in NetworkArchitectures.Names) networks[name] = WithInput(NetworkArchitectures.Create(name, 1), batch: 2);
        return networks;
    }

    private static OnnxGraph WithInput(OnnxGraph graph, long batch)
    {
        Seeded random = new(4);
        long[] shape = [batch, .. graph.Inputs[0].Dimensions!.Skip(1).Select(dimension => dimension.Size!.Value)];
        float[] values = new float[new TensorShape(shape).ElementCount];
        foreach (ref float value in values.AsSpan()) value = random.NextGaussian();
        return new OnnxGraph
        {
            Source = graph.Name,
            Name = graph.Name,
            OperatorSets = graph.OperatorSets,
            Nodes = graph.Nodes,
            Inputs = [],
            Outputs = [.. graph.Outputs.Select(output => output with { Dimensions = null })],
            Initializers = [new Tensor(graph.Inputs[0].Name, new TensorShape(shape), values), .. graph.Initializers],
        };
    }

    private static OnnxGraph UNet()
    {
        Weights w = new("unet");
        string x = w.Tensor("x", 1, 2, 16, 16);
        string down = w.Node("Relu", w.Conv("enc1", x, 2, 8));
        string pooled = w.Node("MaxPool", [new("kernel_shape", [2L, 2]), new("strides", [2L, 2])], down);
        string bottom = w.Node("LeakyRelu", [new("alpha", 0.1f)], w.Conv("enc2", pooled, 8, 16));
        string up = w.Node("ConvTranspose", [new("strides", [2L, 2]), new("kernel_shape", [2L, 2])], bottom, w.Tensor("up.weight", 16, 8, 2, 2), w.Tensor("up.bias", 8));
        string resized = w.Node("Resize", [new("mode", "linear")], bottom, "", w.Values("scales", 1, 1, 2, 2));
        string joined = w.Node("Concat", [new("axis", 1)], down, up, resized);
        string head = w.Node("InstanceNormalization", w.Conv("dec", joined, 32, 8), w.Tensor("norm.weight", 8), w.Tensor("norm.bias", 8));
        return w.Finish(w.Node("Sigmoid", w.Conv("head", head, 8, 1)));
    }

    private static OnnxGraph TransformerEncoder()
    {
        const int Tokens = 6;
        const int Width = 16;
        const int Heads = 4;
        Weights w = new("encoder");
        string x = w.Node("Gather", w.Tensor("embedding", 20, Width), w.Builder.AddInitializer("tokens", 3, 1, 4, 1, 5, 9));
        x = w.Node("Add", w.Node("Unsqueeze", x, w.Builder.AddInitializer("front", 0)), w.Tensor("position", Tokens, Width));
        string heads = w.Builder.AddInitializer("heads", 0, Tokens, Heads, Width / Heads);
        string[] parts = [.. ((string[])["query", "key", "value"]).Select(name =>
        {
            string projected = w.Node("Add", w.Node("MatMul", x, w.Tensor($"{name}.weight", Width, Width)), w.Tensor($"{name}.bias", Width));
            long[] order = name == "key" ? [0, 2, 3, 1] : [0, 2, 1, 3];
            return w.Node("Transpose", [new("perm", order)], w.Node("Reshape", projected, heads));
        })];
        string scores = w.Node("Div", w.Node("MatMul", parts[0], parts[1]), w.Node("Sqrt", w.Values("head size", Width / Heads)));
        string attended = w.Node("MatMul", w.Node("Softmax", [new("axis", -1)], scores), parts[2]);
        string merged = w.Node("Reshape", w.Node("Transpose", [new("perm", [0L, 2, 1, 3])], attended), w.Builder.AddInitializer("merged", 0, 0, -1));
        x = w.Norm("norm1", w.Node("Add", x, w.Node("MatMul", merged, w.Tensor("out.weight", Width, Width))), Width);
        string hidden = w.Node("Add", w.Node("MatMul", x, w.Tensor("fc1.weight", Width, 32)), w.Tensor("fc1.bias", 32));

        // GELU as exporters before opset 20 write it.
        string erf = w.Node("Erf", w.Node("Div", hidden, w.Values("root two", MathF.Sqrt(2))));
        string gelu = w.Node("Mul", w.Node("Mul", hidden, w.Node("Add", erf, w.Values("one", 1))), w.Values("half", 0.5f));
        x = w.Norm("norm2", w.Node("Add", x, w.Node("MatMul", gelu, w.Tensor("fc2.weight", 32, Width))), Width);
        return w.Finish(w.Node("ReduceMean", [new("axes", [1L]), new("keepdims", 0)], x));
    }

    private sealed class Weights(string name)
    {
        private readonly Seeded _random = new(8);

        public OnnxGraphBuilder Builder { get; } = new(name);

        public string Tensor(string name, params long[] shape)
        {
            float[] values = new float[new TensorShape(shape).ElementCount];
            foreach (ref float value in values.AsSpan()) value = 0.4f * _random.NextGaussian();
            return Builder.AddInitializer(new Tensor(name, new TensorShape(shape), values));
        }

        public string Values(string name, params float[] values) =>
            Builder.AddInitializer(new Tensor(name, values.Length == 1 ? default : new TensorShape(values.Length), values));

        public string Node(string operatorType, params string[] inputs) => Builder.AddNode(operatorType, inputs);

        public string Node(string operatorType, OnnxAttribute[] attributes, params string[] inputs) => Builder.AddNode(operatorType, inputs, attributes);

        public string Conv(string name, string x, long from, long to) =>
            Node("Conv", [new("pads", [1L, 1, 1, 1])], x, Tensor($"{name}.weight", to, from, 3, 3), Tensor($"{name}.bias", to));

        public string Norm(string name, string x, long width) => Node("LayerNormalization", x, Tensor($"{name}.weight", width), Tensor($"{name}.bias", width));

        public OnnxGraph Finish(string output)
        {
            Builder.AddOutput(output, ElementType.Float32);
            OnnxGraph graph = Builder.Build();
            return new OnnxGraph
            {
                Source = graph.Source,
                Name = graph.Name,
                OperatorSets = graph.OperatorSets,
                Nodes = graph.Nodes,
                Inputs = [],
                Outputs = [.. graph.Outputs.Select(value => value with { Dimensions = null })],
                Initializers = graph.Initializers,
            };
        }
    }
}
