using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Tests.Graphs;

public class ExecutableGraphTests
{
    private static readonly OnnxDimension Batch = new("N");

    [Fact]
    public void Everything_unsupported_is_named_at_once()
    {
        OnnxGraphBuilder builder = new("g", 13);
        string x = builder.AddInput("x", ElementType.Float32, Batch, new OnnxDimension(4));
        string a = builder.AddNode("Det", [x], output: "a");
        string b = builder.AddNode("Gelu", [a], output: "b");
        builder.AddNode("Cast", [b], [new OnnxAttribute("to", (long)ElementType.Float16)], "c");
        builder.AddOutput("c", ElementType.Float16);

        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => ExecutableGraph.Create(builder.Build()));

        Assert.Equal(3, error.Items.Count);
        Assert.Contains("Det (opset 13) of node Det 'a'", error.Items[0], StringComparison.Ordinal);
        Assert.Contains("Gelu is not in opset 13, it came with 20", error.Items[1], StringComparison.Ordinal);
        Assert.Contains("float16", error.Items[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_cycle_is_an_error_that_names_its_nodes()
    {
        OnnxGraph graph = Graph([new OnnxNode("Add", ["x", "b"], ["a"]), new OnnxNode("Relu", ["a"], ["b"])], "b");
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ExecutableGraph.Create(graph));
        Assert.Contains("cycle: Add 'a', Relu 'b'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_value_is_an_error_that_names_its_reader()
    {
        OnnxGraph graph = Graph([new OnnxNode("Relu", ["nowhere"], ["y"], name: "last")], "y");
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ExecutableGraph.Create(graph));
        Assert.Contains("Relu 'last': reads 'nowhere'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_are_put_in_order_and_needless_ones_are_left_out()
    {
        OnnxGraph graph = Graph([new OnnxNode("Neg", ["a"], ["y"]), new OnnxNode("Unknown", ["x"], ["z"]), new OnnxNode("Relu", ["x"], ["a"])], "y");
        using KernelThreads threads = new(1);
        InferencePlan plan = ExecutableGraph.Create(graph).PlanInference(2, threads);
        ((float[])[-1, 2, 3, -4]).CopyTo(plan.Input(0));
        plan.Run();
        Assert.Equal([0f, -2f, -3f, 0f], plan.Output(0).ToArray());
    }

    [Fact]
    public void Wrong_shapes_are_errors_that_show_both()
    {
        OnnxGraphBuilder builder = new("g");
        string x = builder.AddInput("x", ElementType.Float32, Batch, new OnnxDimension(4));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(3, 2), new float[6]));
        builder.AddNode("MatMul", [x, w], output: "y");
        builder.AddOutput("y", ElementType.Float32);
        ExecutableGraph graph = ExecutableGraph.Create(builder.Build());
        using KernelThreads threads = new(1);

        Assert.Contains("5x4 and 3x2", Assert.Throws<ModelFormatException>(() => graph.PlanInference(5, threads)).Message, StringComparison.Ordinal);
        Dictionary<string, TensorShape> shapes = new(StringComparer.Ordinal) { ["x"] = new TensorShape(5, 5) };
        Assert.Contains("cannot take 5x5", Assert.Throws<ArgumentException>(() => graph.PlanInference(shapes, threads)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_does_not_fit_memory_is_refused_before_it_starts()
    {
        OnnxGraphBuilder builder = new("g");
        string x = builder.AddInput("x", ElementType.Float32, Batch, new OnnxDimension(1 << 20));
        builder.AddNode("Relu", [x], output: "y");
        builder.AddOutput("y", ElementType.Float32);
        ExecutableGraph graph = ExecutableGraph.Create(builder.Build());
        using KernelThreads threads = new(1);
        Assert.Throws<ResourceLimitException>(() => graph.PlanInference(1 << 20, threads));
    }

    [Fact]
    public void Shapes_computed_in_the_graph_are_known_before_the_run()
    {
        OnnxGraphBuilder builder = new("g");
        string x = builder.AddInput("x", ElementType.Float32, Batch, new OnnxDimension(2), new OnnxDimension(3));
        string shape = builder.AddNode("Shape", [x]);
        string first = builder.AddNode("Gather", [shape, builder.AddInitializer(Scalar("zero", 0))]);
        string axes = builder.AddInitializer("axes", 0);
        string batch = builder.AddNode("Unsqueeze", [first, axes]);
        string target = builder.AddNode("Concat", [batch, builder.AddInitializer("rest", -1)], [new OnnxAttribute("axis", 0)]);
        builder.AddNode("Reshape", [x, target], output: "y");
        builder.AddOutput("y", ElementType.Float32);
        using KernelThreads threads = new(1);

        InferencePlan plan = ExecutableGraph.Create(builder.Build()).PlanInference(7, threads);

        Assert.Equal(new TensorShape(7, 6), plan.OutputShape(0));
    }

    [Theory]
    [InlineData("lenet5")]
    [InlineData("resnet20")]
    [InlineData("mobilenet-cifar")]
    [InlineData("vgg-cifar")]
    public void Runs_and_training_steps_allocate_nothing(string name)
    {
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create(name, 1));
        using KernelThreads threads = new(2);
        InferencePlan inference = graph.PlanInference(2, threads);
        TrainingPlan training = graph.PlanTraining(2, threads);
        long allocated = long.MaxValue;

        // What is made once, such as what threads wait with, is made when a thread first has to wait: late, where the machine is busy.
        for (int i = 0; i < 20 && allocated > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            inference.Run();
            training.Forward(1);
            training.Backward();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Fused_inference_gives_what_the_single_operators_give()
    {
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create("resnet20", 5));
        Tersor.Tests.Seeded random = new(9);
        foreach (GraphParameter parameter in graph.Parameters.Where(parameter => parameter.Shape.Rank == 1))
        {
            foreach (ref float value in parameter.Values.AsSpan()) value += 0.3f * random.NextSingle();
        }

        using KernelThreads threads = new(2);
        InferencePlan plan = graph.PlanInference(3, threads);
        Span<float> input = plan.Input(0);
        foreach (ref float value in input) value = random.NextGaussian();
        float[] kept = input.ToArray();
        plan.Run();
        float[] fused = plan.Output(0).ToArray();

        // Naming every intermediate result an output forbids all fusion.
        OnnxGraph onnx = graph.ToOnnx();
        OnnxGraph open = new()
        {
            OperatorSets = onnx.OperatorSets,
            Nodes = onnx.Nodes,
            Inputs = onnx.Inputs,
            Outputs = [.. onnx.Outputs, .. onnx.Nodes.Select(node => new OnnxGraphValue(node.Outputs[0], ElementType.Float32, null)).Where(value => value.Name != "logits")],
            Initializers = onnx.Initializers,
        };
        InferencePlan single = ExecutableGraph.Create(open).PlanInference(3, threads);
        kept.CopyTo(single.Input(0));
        single.Run();

        float largest = fused.Max(MathF.Abs);
        for (int i = 0; i < fused.Length; i++) Assert.InRange(single.Output(0)[i], fused[i] - (2e-5f * largest), fused[i] + (2e-5f * largest));
        Assert.True(plan.MemoryBytes < single.MemoryBytes / 4, $"{plan.MemoryBytes} bytes shared, {single.MemoryBytes} unshared");
    }

    [Theory]
    [InlineData("lenet5")]
    [InlineData("resnet20")]
    public void Costs_measured_without_weights_are_those_of_a_plan(string name)
    {
        OnnxGraph graph = NetworkArchitectures.Create(name, seed: 1);
        using KernelThreads threads = new(1);

        Assert.Equal(ExecutableGraph.Create(graph).PlanInference(1, threads).Layers, LayerCost.Measure(graph));
    }

    [Fact]
    public void Costs_of_a_model_whose_weights_would_fill_the_machine_are_measured_without_them()
    {
        OnnxGraphBuilder builder = new("g");
        string x = builder.AddInput("x", ElementType.Float32, Batch, new OnnxDimension(30_000));
        TensorShape shape = new(30_000, 60_000);
        string weight = builder.AddInitializer(new Tensor("w", ElementType.Float32, shape, ByteSource.Deferred(
            "nowhere", shape.ElementCount * 4, _ => throw new InvalidOperationException("The weight was read."))));
        builder.AddNode("MatMul", [x, weight], output: "y");
        builder.AddOutput("y", ElementType.Float32);

        LayerCost cost = Assert.Single(LayerCost.Measure(builder.Build()));

        Assert.Equal((1_800_000_000, 1_800_000_000, 60_000), (cost.MultiplyAdds, cost.Parameters, cost.Activations));
    }

    [Theory]
    [InlineData(ElementType.Int8)]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int16)]
    [InlineData(ElementType.UInt16)]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.UInt32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Bool)]
    public void Whole_numbers_become_tensors_and_come_back(ElementType type)
    {
        DenseTensor values = new(type, new TensorShape(2, 1), [0, 1]);
        DenseTensor extremes = type switch
        {
            ElementType.Int8 => new(type, new TensorShape(2), [sbyte.MinValue, sbyte.MaxValue]),
            ElementType.UInt32 => new(type, new TensorShape(2), [1, uint.MaxValue]),
            ElementType.Int64 => new(type, new TensorShape(2), [long.MinValue, long.MaxValue]),
            _ => values,
        };
        foreach (DenseTensor tensor in new[] { values, extremes })
        {
            Tensor written = tensor.ToTensor("t");
            DenseTensor back = DenseTensor.FromTensor(written);
            Assert.Equal((type, tensor.Shape), (written.ElementType, written.Shape));
            Assert.Equal(tensor.Integers, back.Integers);
        }
    }

    [Fact]
    public void Costs_are_those_of_the_layers()
    {
        using KernelThreads threads = new(1);
        InferencePlan plan = ExecutableGraph.Create(NetworkArchitectures.Create("lenet5", 1)).PlanInference(1, threads);
        Assert.Equal(20L * 24 * 24 * 25, plan.Layers.Single(layer => layer.Node == "Conv 'conv1.out'").MultiplyAdds);
        Assert.Equal(431_080, plan.Layers.Sum(layer => layer.Parameters));
    }

    private static Tensor Scalar(string name, long value) =>
        new(name, ElementType.Int64, default, ByteSource.FromMemory(BitConverter.GetBytes(value), name));

    private static OnnxGraph Graph(OnnxNode[] nodes, string output) => new()
    {
        OperatorSets = [new OnnxOperatorSet("", 17)],
        Nodes = nodes,
        Inputs = [new OnnxGraphValue("x", ElementType.Float32, [Batch, new OnnxDimension(2)])],
        Outputs = [new OnnxGraphValue(output, ElementType.Float32, null)],
    };
}
