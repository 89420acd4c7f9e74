using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Representations;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Graphs;

/// <summary>A network computes from weights held in any form what it computes from dense ones.</summary>
public class HeldWeightTests
{
    private static readonly float[] TwoValues = [0.25f, -0.25f];
    private static readonly float[] ThreeValues = [0, 0.125f, -0.25f];
    private static readonly float[] ManyValues = [.. Enumerable.Range(0, 200).Select(i => i % 3 == 0 ? 0 : (i - 100) / 256f)];

    public static TheoryData<string> Formats => [.. RepresentationFormats.All.Select(format => format.Name())];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Answers_are_those_of_dense_weights(string name)
    {
        Assert.True(RepresentationFormats.TryParse(name, out RepresentationFormat? format));
        float[] values = format switch { RepresentationFormat.Binary => TwoValues, RepresentationFormat.Ternary => ThreeValues, _ => ManyValues };
        OnnxGraph graph = Network(values);
        ExecutableGraph dense = ExecutableGraph.Create(graph);
        ExecutableGraph held = ExecutableGraph.Create(graph, matrix => Representation.Create(matrix, format.Value));

        Assert.Equal(["conv", "gemm", "gemmT", "grouped", "matmul", "strided"], held.HeldWeights.Select(weight => weight.Name).Order(StringComparer.Ordinal));
        Assert.All(held.HeldWeights, weight => Assert.Null(held.FindParameter(weight.Name)));
        Assert.Equal(3, held.HeldWeights.Single(weight => weight.Name == "grouped").Groups.Count);
        Assert.Equal(Resident(held) + held.HeldWeights.Sum(weight => weight.ResidentBytes), held.ResidentBytes);
        foreach (int batch in (int[])[1, 5])
        {
            foreach (int threads in (int[])[1, 3]) AssertClose(Answers(dense, batch, threads), Answers(held, batch, threads));
            Assert.Equal(Answers(held, batch, 1), Answers(held, batch, 3));
        }
    }

    [Fact]
    public void What_is_refused_or_has_another_use_stays_dense()
    {
        OnnxGraph graph = Network(ManyValues);
        ExecutableGraph few = ExecutableGraph.Create(graph, matrix => matrix.Rows == 101 ? null : Representation.Create(matrix, RepresentationFormat.Cser));

        Assert.Equal(["conv", "gemmT", "grouped", "matmul", "strided"], few.HeldWeights.Select(weight => weight.Name).Order(StringComparer.Ordinal));
        Assert.All((string[])["gemm", "read twice", "depthwise"], name => Assert.NotNull(few.FindParameter(name)));
        AssertClose(Answers(ExecutableGraph.Create(graph), 2, 1), Answers(few, 2, 1));
    }

    [Fact]
    public void A_weight_of_too_many_values_stays_dense()
    {
        OnnxGraphBuilder builder = new("many", 13);
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(300));
        float[] weights = [.. Enumerable.Range(0, 300 * 220).Select(i => i * 0.001f)];
        builder.AddNode("MatMul", [x, builder.AddInitializer(new Tensor("w", new TensorShape(300, 220), weights))], output: "y");
        builder.AddOutput("y", ElementType.Float32);

        ExecutableGraph graph = ExecutableGraph.Create(builder.Build(), matrix => Representation.Create(matrix, RepresentationFormat.Cser));

        Assert.Empty(graph.HeldWeights);
        Assert.Equal(weights, graph.FindParameter("w")!.Values);
    }

    [Fact]
    public void Held_weights_are_not_trained_and_are_written_as_they_were()
    {
        OnnxGraph graph = Network(ManyValues);
        ExecutableGraph held = ExecutableGraph.Create(graph, matrix => Representation.Create(matrix, RepresentationFormat.Cser));
        using KernelThreads threads = new(1);

        Assert.Contains("held in a representation, such as 'conv'", Assert.Throws<UnsupportedModelException>(() => held.PlanTraining(1, threads)).Message, StringComparison.Ordinal);
        Assert.Throws<UnsupportedModelException>(() => held.PlanGradients(held.ShapesForBatch(1), threads));
        foreach (Tensor tensor in held.ToOnnx().Initializers) Assert.Equal(graph.Initializers.Single(original => original.Name == tensor.Name).ReadSingles(), tensor.ReadSingles());
    }

    private static long Resident(ExecutableGraph graph) => graph.Parameters.Sum(parameter => parameter.Values.Length * 4L);

    private static float[] Answers(ExecutableGraph graph, int batch, int threadCount)
    {
        using KernelThreads threads = new(threadCount);
        InferencePlan plan = graph.PlanInference(batch, threads);
        Seeded random = new(9);
        foreach (ref float value in plan.Input(0)) value = random.NextGaussian();
        plan.Run();
        return plan.Output(0).ToArray();
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        float scale = expected.Max(Math.Abs);
        Assert.True(scale > 0.01f);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second - pair.First, -2e-5f * scale, 2e-5f * scale));
    }

    // Every way to a product: strides, groups, a normalization and a summand to take over, weights with a row and with a column per output.
    private static OnnxGraph Network(float[] values)
    {
        Seeded random = new(1);
        OnnxGraphBuilder builder = new("held", 13);
        string Weight(string name, params long[] shape)
        {
            float[] weights = new float[shape.Aggregate(1L, (product, size) => product * size)];
            for (int i = 0; i < weights.Length; i++) weights[i] = values[random.NextInt(values.Length)];
            return builder.AddInitializer(new Tensor(name, new TensorShape(shape), weights));
        }

        string Vector(string name, int length, float least)
        {
            float[] vector = new float[length];
            foreach (ref float value in vector.AsSpan()) value = least + random.NextSingle();
            return builder.AddInitializer(new Tensor(name, new TensorShape(length), vector));
        }

        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(6), new OnnxDimension(9), new OnnxDimension(10));
        OnnxAttribute padded = new("pads", [1L, 1, 1, 1]);
        string y = builder.AddNode("Conv", [x, Weight("conv", 12, 6, 3, 3), Vector("conv bias", 12, -0.5f)], [padded]);
        y = builder.AddNode("BatchNormalization", [y, Vector("scale", 12, 0.5f), Vector("shift", 12, -0.5f), Vector("mean", 12, -0.5f), Vector("variance", 12, 0.5f)]);
        string shortcut = y = builder.AddNode("Relu", [y]);
        y = builder.AddNode("Conv", [y, Weight("grouped", 12, 4, 3, 3)], [padded, new OnnxAttribute("group", 3)]);
        y = builder.AddNode("Relu", [builder.AddNode("Add", [y, shortcut])]);
        y = builder.AddNode("Conv", [y, Weight("depthwise", 12, 1, 3, 3)], [padded, new OnnxAttribute("group", 12)]);
        y = builder.AddNode("Conv", [y, Weight("strided", 7, 12, 1, 3)], [new OnnxAttribute("strides", [2L, 3])]);
        y = builder.AddNode("Flatten", [y]);
        y = builder.AddNode("Relu", [builder.AddNode("Gemm", [y, Weight("gemmT", 40, 105), Vector("gemmT bias", 40, -0.5f)], [new OnnxAttribute("transB", 1)])]);
        y = builder.AddNode("Gemm", [y, Weight("gemm", 40, 101)]);
        y = builder.AddNode("MatMul", [y, Weight("matmul", 101, 30)]);
        string twice = Weight("read twice", 30, 30);
        y = builder.AddNode("MatMul", [builder.AddNode("MatMul", [y, twice]), builder.AddNode("Transpose", [twice])], output: "y");
        builder.AddOutput("y", ElementType.Float32);
        return builder.Build();
    }
}
