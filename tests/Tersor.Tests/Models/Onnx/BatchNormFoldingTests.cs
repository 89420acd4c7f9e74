using Tersor.Codec;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;
using Tersor.Tests.Codec;

namespace Tersor.Tests.Models.Onnx;

public sealed class BatchNormFoldingTests : IDisposable
{
    private const int Channels = 24;

    private static readonly string[] Vectors = ["scale", "bias", "mean", "var"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(1e-3f)]
    [InlineData(0.5f)]
    public void Two_vectors_say_what_four_said(float? epsilon)
    {
        using OnnxModel model = Open(Normalized(epsilon is { } value ? [new OnnxAttribute("epsilon", value)] : []));

        Model folded = BatchNormFolding.Apply(model);

        Assert.Equal(new float[Channels], folded.Find("mean")!.ReadSingles());
        Assert.Equal(Enumerable.Repeat(1f, Channels), folded.Find("var")!.ReadSingles());
        for (int channel = 0; channel < Channels; channel++)
        {
            foreach (double x in new[] { -3.0, 0, 0.7 })
            {
                double expected = Normalize(model, channel, x, epsilon ?? 1e-5f);
                Assert.Equal(expected, Normalize(folded, channel, x, epsilon ?? 1e-5f), 1e-5 * Math.Max(1, Math.Abs(expected)));
            }
        }

        Assert.Equal(model.Tensors.Select(tensor => (tensor.Name, tensor.Shape, tensor.ElementType)), folded.Tensors.Select(tensor => (tensor.Name, tensor.Shape, tensor.ElementType)));
        Assert.Equal(CodecRun.BytesOf(model, "conv"), CodecRun.BytesOf(folded, "conv"));
        Assert.Equal(5f, model.Find("mean")!.ReadSingles()[0]);
    }

    [Fact]
    public void What_is_folded_already_stays_as_it_is()
    {
        using OnnxModel model = Open(Normalized([]));
        Model once = BatchNormFolding.Apply(model);
        Model twice = BatchNormFolding.Apply(once);

        foreach (string name in Vectors)
            Assert.All(once.Find(name)!.ReadSingles().Zip(twice.Find(name)!.ReadSingles()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f * Math.Max(1, MathF.Abs(pair.First))));
    }

    [Fact]
    public void Vectors_of_two_nodes_are_left_alone()
    {
        OnnxGraphBuilder builder = new("shared");
        string x = Input(builder);
        string[] vectors = AddVectors(builder);
        string first = builder.AddNode("BatchNormalization", [x, .. vectors]);
        builder.AddNode("BatchNormalization", [first, .. vectors], output: "y");
        using OnnxModel model = Open(Finish(builder));

        Assert.Same(model, BatchNormFolding.Apply(model));
    }

    [Theory]
    [InlineData("mean")]
    [InlineData("scale")]
    public void A_vector_that_is_an_output_or_read_elsewhere_keeps_all_four(string name)
    {
        OnnxGraphBuilder builder = new("read");
        string x = Input(builder);
        string normalized = builder.AddNode("BatchNormalization", [x, .. AddVectors(builder)]);
        string shape = builder.AddInitializer("columns", 1, Channels, 1, 1);
        builder.AddNode("Add", [normalized, builder.AddNode("Reshape", [name, shape])], output: "y");
        using OnnxModel model = Open(Finish(builder));

        Assert.Same(model, BatchNormFolding.Apply(model));
    }

    [Fact]
    public void A_node_that_trains_is_left_alone()
    {
        using OnnxModel model = Open(Normalized([new OnnxAttribute("training_mode", 1)]));
        Assert.Same(model, BatchNormFolding.Apply(model));
    }

    [Fact]
    public void Variances_that_are_none_are_left_alone()
    {
        using OnnxModel model = Open(Normalized([], variance: -1));
        Assert.Same(model, BatchNormFolding.Apply(model));
    }

    [Fact]
    public void A_model_without_batch_normalization_is_the_result_itself()
    {
        OnnxGraphBuilder builder = new("plain");
        builder.AddNode("Relu", [Input(builder)], output: "y");
        using OnnxModel model = Open(Finish(builder));
        Assert.Same(model, BatchNormFolding.Apply(model));

        Model tensors = CodecRun.Mixed();
        Assert.Same(tensors, BatchNormFolding.Apply(tensors));
    }

    [Theory]
    [InlineData(TensorMethod.Lossless)]
    [InlineData(TensorMethod.Topology)]
    [InlineData(TensorMethod.Raw)]
    public void Folded_vectors_are_never_left_in_the_topology_which_holds_those_from_before(TensorMethod method)
    {
        using OnnxModel model = Open(Normalized([]));
        Model folded = BatchNormFolding.Apply(model);
        CompressionPlan plan = CodecRun.Plan(model, method) with { FoldBatchNorm = true };

        CodecRun run = CodecRun.Of(model, plan);
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);
        Model back = compressed.ToModel();

        foreach (string name in Vectors) Assert.Equal(folded.Find(name)!.ReadSingles(), back.Find(name)!.ReadSingles());
        Assert.Equal(CodecRun.BytesOf(model, "conv"), CodecRun.BytesOf(back, "conv"));
        Assert.Equal(run.Bytes, CodecRun.Of(model, CompressionPlan.FromJson(run.Report.Plan.ToJson(), "plan.json"), threads: 3).Bytes);
    }

    [Fact]
    public void A_plan_made_for_folding_codes_means_and_variances_for_next_to_nothing()
    {
        using OnnxModel model = Open(Normalized([]));
        Assert.False(PlanBuilder.Build(model, new PlanOptions()).FoldBatchNorm);
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { FoldBatchNorm = true });
        Assert.True(plan.FoldBatchNorm);

        CodecRun run = CodecRun.Of(model, plan);
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        Assert.Equal(new float[Channels], compressed.Decode("mean"));
        Assert.Equal(Enumerable.Repeat(1f, Channels), compressed.Decode("var"));
        Assert.All(run.Report.Tensors.Where(tensor => tensor.Name is "mean" or "var"), tensor => Assert.InRange(tensor.Bytes, 1, 30));
    }

    private static double Normalize(Model model, int channel, double x, double epsilon)
    {
        double[] values = [.. Vectors.Select(name => (double)model.Find(name)!.ReadSingles()[channel])];
        return (values[0] * (x - values[2]) / Math.Sqrt(values[3] + epsilon)) + values[1];
    }

    private static OnnxGraph Normalized(OnnxAttribute[] attributes, float? variance = null)
    {
        OnnxGraphBuilder builder = new("normalized");
        string weight = builder.AddInitializer(new Tensor("conv", new TensorShape(Channels, Channels, 1, 1), CodecRun.Gaussian(Channels * Channels, 0.2f, 9)));
        string convolved = builder.AddNode("Conv", [Input(builder), weight]);
        builder.AddNode("BatchNormalization", [convolved, .. AddVectors(builder, variance)], attributes, "y");
        return Finish(builder);
    }

    private static string Input(OnnxGraphBuilder builder) =>
        builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(Channels), new OnnxDimension(2), new OnnxDimension(2));

    private static string[] AddVectors(OnnxGraphBuilder builder, float? variance = null)
    {
        float[] means = CodecRun.Gaussian(Channels, 1, 3);
        means[0] = 5;
        float[][] values =
        [
            CodecRun.Gaussian(Channels, 1, 1),
            CodecRun.Gaussian(Channels, 1, 2),
            means,
            [.. CodecRun.Gaussian(Channels, 1, 4).Select(value => variance ?? (0.01f + (value * value)))],
        ];
        return [.. Vectors.Zip(values, (name, vector) => builder.AddInitializer(new Tensor(name, new TensorShape(Channels), vector)))];
    }

    private static OnnxGraph Finish(OnnxGraphBuilder builder)
    {
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(Channels), new OnnxDimension(2), new OnnxDimension(2));
        return builder.Build();
    }

    private OnnxModel Open(OnnxGraph graph)
    {
        graph.Save(_folder["m.onnx"]);
        return OnnxModel.Open(_folder["m.onnx"]);
    }
}
