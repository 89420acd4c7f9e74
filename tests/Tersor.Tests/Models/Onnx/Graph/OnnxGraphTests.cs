using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Tests.Models.Onnx;

public class OnnxGraphTests
{
    [Fact]
    public void A_graph_built_in_code_reads_back_as_it_was_written()
    {
        OnnxGraph read = OnnxGraph.Read(ByteSource.FromMemory(Bytes(SmallGraph())));

        Assert.Equal("small", read.Name);
        Assert.Equal(17, read.OperatorSetVersion());
        Assert.Equal(0, read.OperatorSetVersion("com.example"));
        Assert.Equal(["x float32 Nx1x4x4"], read.Inputs.Select(value => value.ToString()));
        Assert.Equal(["y float32 Nx?"], read.Outputs.Select(value => value.ToString()));
        Assert.Equal(["Conv", "Custom", "Reshape"], read.Nodes.Select(node => node.OperatorType));
        Assert.Equal(["x", "w", ""], read.Nodes[0].Inputs);
        Assert.Equal([3L, 3L], read.Nodes[0].Find("kernel_shape")!.Ints);
        Assert.Null(read.Nodes[0].Find("strides"));
        Assert.Equal(0.5f, read.Nodes[1].Find("f")!.Float);
        Assert.Equal(-7, read.Nodes[1].Find("i")!.Int);
        Assert.Equal("naïve", read.Nodes[1].Find("s")!.String);
        Assert.Equal([1.5f, -2f], read.Nodes[1].Find("fs")!.Floats);
        Assert.Equal(["a", ""], read.Nodes[1].Find("ss")!.Strings);
        Assert.Equal([4f, 5f], read.Nodes[1].Find("t")!.Tensor.ReadSingles());
        Assert.Equal([6f], read.Nodes[1].Find("ts")!.Tensors[0].ReadSingles());
        Assert.Equal(["w float32 1x1x3x3", "shape int64 2"], read.Initializers.Select(tensor => tensor.ToString()));
        Assert.Equal([1f, 2, 3, 4, 5, 6, 7, 8, 9], read.Initializers[0].ReadSingles());
    }

    [Fact]
    public void Writing_what_was_read_gives_the_same_bytes()
    {
        byte[] first = Bytes(SmallGraph());
        Assert.Equal(first, Bytes(OnnxGraph.Read(ByteSource.FromMemory(first))));
    }

    [Fact]
    public void An_attribute_asked_for_as_another_type_says_what_it_holds()
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => new OnnxAttribute("axis", 1).Floats);
        Assert.Contains("'axis' holds Int, not Floats", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Subgraphs_are_carried_as_they_are()
    {
        // AttributeProto: name = "body", type = GRAPH, g = GraphProto { name = "inner" }.
        byte[] attribute = [0x0A, 4, .. "body"u8, 0xA0, 1, 5, 0x32, 7, 0x12, 5, .. "inner"u8];
        byte[] node = [0x0A, 1, (byte)'x', 0x12, 1, (byte)'y', 0x22, 4, .. "Loop"u8, 0x2A, (byte)attribute.Length, .. attribute];
        byte[] graph = [0x0A, (byte)node.Length, .. node];
        byte[] model = [0x3A, (byte)graph.Length, .. graph];

        OnnxGraph read = OnnxGraph.Read(ByteSource.FromMemory(model));

        Assert.Equal(OnnxAttributeType.Graph, read.Nodes[0].Find("body")!.Type);
        byte[] written = Bytes(read);
        Assert.True(written.AsSpan().IndexOf(attribute) >= 0);
    }

    [Fact]
    public void A_builder_refuses_unknown_inputs_and_taken_names()
    {
        OnnxGraphBuilder builder = new("g");
        builder.AddInput("x", ElementType.Float32, new OnnxDimension(1));
        Assert.Contains("'nothing'", Assert.Throws<ArgumentException>(() => builder.AddNode("Relu", ["nothing"])).Message, StringComparison.Ordinal);
        Assert.Contains("'x' is taken", Assert.Throws<ArgumentException>(() => builder.AddNode("Relu", ["x"], output: "x")).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(builder.Build);
    }

    [Fact]
    public void Replaced_initializers_must_fit()
    {
        OnnxGraph graph = SmallGraph();
        Tensor halves = new("w", new TensorShape(1, 1, 3, 3), [.. Enumerable.Repeat(0.5f, 9)]);
        Dictionary<string, Tensor> replacement = new(StringComparer.Ordinal) { ["w"] = halves };

        Assert.Equal(halves.ReadSingles(), graph.WithInitializers(replacement).Initializers[0].ReadSingles());
        replacement["w"] = new Tensor("w", new TensorShape(3, 3), new float[9]);
        Assert.Throws<ArgumentException>(() => graph.WithInitializers(replacement));
        Assert.Throws<ArgumentException>(() => graph.WithInitializers(new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["v"] = halves }));
    }

    [Fact]
    public void A_model_gives_its_graph_with_its_own_tensors()
    {
        using OnnxModel model = OnnxModel.Open(ByteSource.FromMemory(Bytes(SmallGraph())));
        OnnxGraph graph = OnnxGraph.FromModel(model);
        Assert.Same(model.Find("w"), graph.Initializers[0]);
        Assert.Equal([4f, 5f], graph.Nodes[1].Find("t")!.Tensor.ReadSingles());
    }

    [Fact]
    public void Damaged_files_end_in_documented_errors()
    {
        byte[] valid = Bytes(SmallGraph());
        foreach (byte[] damaged in Mutations.Truncations(valid).Concat(Mutations.Random(valid, 7, 4000)))
        {
            try
            {
                OnnxGraph graph = OnnxGraph.Read(ByteSource.FromMemory(damaged));
                foreach (Tensor tensor in graph.Initializers) tensor.Data.ReadAll();
            }
            catch (Exception error) when (error is ModelFormatException or UnsupportedModelException or ResourceLimitException)
            {
                Assert.NotEmpty(error.Message);
            }
        }
    }

    [SkippableTheory]
    [InlineData("lenet5", 8)]
    [InlineData("resnet20", 73)]
    [InlineData("squeezenet-v1.0-deep-compressed", 65)]
    public void Collected_models_read_completely(string name, int nodes)
    {
        OnnxGraph graph = OnnxGraph.Read(ByteSource.FromFile(SharedAssets.Require($"models/{name}.onnx")));
        Assert.Equal(nodes, graph.Nodes.Count);
        HashSet<string> known = [.. graph.Inputs.Select(value => value.Name), .. graph.Initializers.Select(tensor => tensor.Name), ""];
        foreach (OnnxNode node in graph.Nodes)
        {
            Assert.All(node.Inputs, input => Assert.Contains(input, known));
            known.UnionWith(node.Outputs);
        }
    }

    private static byte[] Bytes(OnnxGraph graph)
    {
        using MemoryStream stream = new();
        graph.WriteTo(stream);
        return stream.ToArray();
    }

    private static OnnxGraph SmallGraph()
    {
        OnnxGraphBuilder builder = new("small");
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(1), new OnnxDimension(4), new OnnxDimension(4));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(1, 1, 3, 3), [1, 2, 3, 4, 5, 6, 7, 8, 9]));
        string shape = builder.AddInitializer("shape", 0, -1);
        string c = builder.AddNode("Conv", [x, w, ""], [new OnnxAttribute("kernel_shape", [3L, 3L])]);
        string d = builder.AddNode(
            "Custom",
            [c],
            [
                new OnnxAttribute("f", 0.5f),
                new OnnxAttribute("i", -7),
                new OnnxAttribute("s", "naïve"),
                new OnnxAttribute("fs", [1.5f, -2f]),
                new OnnxAttribute("ss", ["a", ""]),
                new OnnxAttribute("t", new Tensor("constant", new TensorShape(2), [4, 5])),
                new OnnxAttribute("ts", [new Tensor("", new TensorShape(1), [6])]),
            ]);
        builder.AddNode("Reshape", [d, shape], output: "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), default(OnnxDimension));
        return builder.Build();
    }
}
