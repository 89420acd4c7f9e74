using Tersor.Models;
using Tersor.Models.Npz;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Tests;

/// <summary>Networks and data so small that what they give can be worked out by hand.</summary>
internal static class SmallNetworks
{
    /// <summary>Four inputs, three outputs: <c>logits = x[0..3] * 2</c>. The batch is open.</summary>
    public static string WriteDoubling(string path, float factor = 2)
    {
        OnnxGraphBuilder graph = new("doubling");
        string x = graph.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(4));
        float[] weight = new float[12];
        for (int i = 0; i < 3; i++) weight[(i * 4) + i] = factor;
        string w = graph.AddInitializer(new Tensor("fc.weight", new TensorShape(3, 4), weight));
        graph.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], "logits");
        graph.AddOutput("logits", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(3));
        graph.Build().Save(path, overwrite: true);
        return path;
    }

    /// <summary>Takes digits as 784 numbers; every answer hangs on differences of weights that no step size of a search keeps.</summary>
    public static string WriteFragile(string path)
    {
        OnnxGraphBuilder graph = new("fragile");
        string x = graph.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(784));
        float[] weight = [.. Enumerable.Range(0, 7840).Select(i => 1 + (MathF.Sin(i) * 1e-5f))];
        string w = graph.AddInitializer(new Tensor("fc.weight", new TensorShape(10, 784), weight));
        graph.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], "logits");
        graph.AddOutput("logits", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(10));
        graph.Build().Save(path, overwrite: true);
        return path;
    }

    /// <summary>Takes digits as 784 numbers and knows three classes of them.</summary>
    public static string WriteThreeClasses(string path)
    {
        OnnxGraphBuilder graph = new("three classes");
        string x = graph.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(784));
        string w = graph.AddInitializer(new Tensor("fc.weight", new TensorShape(3, 784), [.. Enumerable.Range(0, 3 * 784).Select(i => MathF.Sin(i))]));
        graph.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], "logits");
        graph.AddOutput("logits", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(3));
        graph.Build().Save(path, overwrite: true);
        return path;
    }

    /// <summary>Takes digits as 784 numbers through a normalization of 24 channels to ten classes, which it has not learned.</summary>
    public static string WriteNormalized(string path)
    {
        OnnxGraphBuilder graph = new("normalized");
        string Values(string name, float mean, params long[] shape) =>
            graph.AddInitializer(new Tensor(name, new TensorShape(shape), [.. Enumerable.Range(0, (int)new TensorShape(shape).ElementCount).Select(i => mean + (0.2f * MathF.Sin((7 * i) + name.Length)))]));
        string x = graph.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(784));
        string hidden = graph.AddNode("Gemm", [x, Values("hidden.weight", 0, 24, 784)], [new OnnxAttribute("transB", 1)]);
        string normal = graph.AddNode("BatchNormalization", [hidden, Values("bn.scale", 1, 24), Values("bn.bias", 0, 24), Values("bn.mean", 0, 24), Values("bn.variance", 2, 24)]);
        graph.AddNode("Gemm", [graph.AddNode("Relu", [normal]), Values("fc.weight", 0, 10, 24)], [new OnnxAttribute("transB", 1)], "logits");
        graph.AddOutput("logits", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(10));
        graph.Build().Save(path, overwrite: true);
        return path;
    }

    /// <summary>The mean of each channel of an image, for a batch that is fixed: what preprocessing does to a pixel shows in the outputs.</summary>
    public static string WriteChannelMeans(string path, params long[] input)
    {
        OnnxGraphBuilder graph = new("means");
        string x = graph.AddInput("input", ElementType.Float32, [.. input.Select(size => size == 0 ? new OnnxDimension("N") : new OnnxDimension(size))]);
        string pooled = graph.AddNode("GlobalAveragePool", [x]);
        graph.AddNode("Flatten", [pooled], [new OnnxAttribute("axis", 1)], "means");
        graph.AddOutput("means", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(input[1]));
        graph.Build().Save(path, overwrite: true);
        return path;
    }

    /// <summary>Two inputs, one of whole numbers, and two outputs.</summary>
    public static string WriteTwoInputs(string path)
    {
        OnnxGraphBuilder graph = new("two");
        string a = graph.AddInput("a", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(2));
        string b = graph.AddInput("b", ElementType.Int64, new OnnxDimension("N"), new OnnxDimension(2));
        graph.AddNode("Neg", [a], output: "minus_a");
        graph.AddNode("Identity", [b], output: "same_b");
        graph.AddOutput("minus_a", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(2));
        graph.AddOutput("same_b", ElementType.Int64, new OnnxDimension("N"), new OnnxDimension(2));
        graph.Build().Save(path, overwrite: true);
        return path;
    }

    /// <summary>Operators that nobody runs.</summary>
    public static string WriteUnsupported(string path)
    {
        OnnxGraphBuilder graph = new("strange");
        string x = graph.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(4));
        string y = graph.AddNode("Frobnicate", [x], output: "y");
        graph.AddNode("Quux", [y], output: "logits");
        graph.AddOutput("logits", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(4));
        graph.Build().Save(path, overwrite: true);
        return path;
    }

    /// <summary>Arrays as NumPy saves them.</summary>
    public static string WriteArrays(string path, params Tensor[] arrays)
    {
        new NpzFormat().Write(new Model("memory", "memory", arrays), path, ModelWriteOptions.Default with { Overwrite = true });
        return path;
    }

    /// <summary>Whole numbers of 64 bits.</summary>
    public static Tensor Integers(string name, TensorShape shape, params long[] values) =>
        new(name, ElementType.Int64, shape, ByteSource.FromMemory(values.SelectMany(BitConverter.GetBytes).ToArray()));

    /// <summary>Pixels.</summary>
    public static Tensor Bytes(string name, TensorShape shape, params byte[] values) => new(name, ElementType.UInt8, shape, ByteSource.FromMemory(values));
}
