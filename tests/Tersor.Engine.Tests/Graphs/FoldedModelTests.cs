using Tersor.Codec;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Graphs;

/// <summary>Networks compute the same when their batch normalizations are folded.</summary>
public sealed class FoldedModelTests : IDisposable
{
    private const int Batch = 4;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folded_network_answers_as_before()
    {
        using Model model = OpenNetwork();
        Model folded = BatchNormFolding.Apply(model);

        Assert.Equal(6, folded.Tensors.Count(tensor => tensor.Name.Contains("bn", StringComparison.Ordinal) && !tensor.Name.EndsWith("weight", StringComparison.Ordinal)));
        Assert.All(folded.Tensors.Where(tensor => tensor.Name.EndsWith("running_mean", StringComparison.Ordinal)), mean => Assert.All(mean.ReadSingles(), value => Assert.Equal(0, value)));
        Assert.All(folded.Tensors.Where(tensor => tensor.Name.EndsWith("running_var", StringComparison.Ordinal)), variance => Assert.All(variance.ReadSingles(), value => Assert.Equal(1, value)));
        AssertClose(Answers(model), Answers(folded), 1e-5);
    }

    [Fact]
    public void What_is_decoded_from_a_file_of_a_folded_network_answers_as_before()
    {
        using Model model = OpenNetwork();
        CompressionPlan exact = PlanBuilder.Build(model, new PlanOptions { Lossless = true, FoldBatchNorm = true });
        CompressionPlan fine = PlanBuilder.Build(model, new PlanOptions { Quality = 100, FoldBatchNorm = true });

        AssertClose(Answers(model), Decoded(model, exact), 1e-5);
        AssertClose(Answers(model), Decoded(model, fine), 0.02);
    }

    private float[] Decoded(Model model, CompressionPlan plan)
    {
        Assert.True(plan.FoldBatchNorm);
        ModelCompressor.Compress(model, plan, _folder["m.nnc"], overwrite: true);
        using (CompressedModel compressed = CompressedModel.Open(_folder["m.nnc"]))
        {
            using FileStream file = File.Create(_folder["back.onnx"]);
            compressed.WriteOnnx(file);
        }

        using Model back = ModelFormats.Open(_folder["back.onnx"]);
        return Answers(back);
    }

    // As trained: running statistics and vectors that are neither 0 nor 1.
    private Model OpenNetwork()
    {
        NetworkBuilder builder = new("normalized", seed: 1, 2, 12, 12);
        string value = builder.Relu("relu1", builder.BatchNormalization("bn1", builder.Convolution("conv1", builder.Input, channels: 20, kernel: 3)));
        value = builder.Relu("relu2", builder.BatchNormalization("bn2", builder.Convolution("conv2", value, channels: 24, kernel: 3, stride: 2, bias: false)));
        OnnxGraph graph = builder.Build(builder.Dense("fc", builder.Flatten("flatten", value), outputs: 5));
        Seeded random = new(2);
        Dictionary<string, Tensor> trained = graph.Initializers.Where(tensor => tensor.Name.StartsWith("bn", StringComparison.Ordinal)).ToDictionary(
            tensor => tensor.Name,
            tensor => new Tensor(tensor.Name, tensor.Shape, [.. tensor.ReadSingles().Select(_ => tensor.Name.EndsWith("var", StringComparison.Ordinal) ? 0.05f + random.NextSingle() : random.NextGaussian())]),
            StringComparer.Ordinal);
        graph.WithInitializers(trained).Save(_folder["m.onnx"]);
        return ModelFormats.Open(_folder["m.onnx"]);
    }

    private static float[] Answers(Model model)
    {
        using KernelThreads threads = new(2);
        InferencePlan plan = ExecutableGraph.Create(OnnxGraph.FromModel(model)).PlanInference(Batch, threads);
        Seeded random = new(3);
        foreach (ref float value in plan.Input(0)) value = random.NextGaussian();
        plan.Run();
        return plan.Output(0).ToArray();
    }

    private static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        double largest = expected.Max(MathF.Abs);
        Assert.Equal(5 * Batch, expected.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance * largest);
    }
}
