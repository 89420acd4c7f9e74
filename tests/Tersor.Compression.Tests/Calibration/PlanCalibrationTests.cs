using Tersor.Codec;
using Tersor.Compression.Calibration;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Calibration;

public sealed class PlanCalibrationTests : IDisposable
{
    private readonly SampleSet _samples = GeneratedDigits.Generate(96, seed: 3, isTest: false);
    private readonly KernelThreads _threads = new(2);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _threads.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(ErrorWeighting.Fisher)]
    [InlineData(ErrorWeighting.Empirical)]
    [InlineData(ErrorWeighting.Outputs)]
    public void Every_weighting_gives_importances_of_the_tensors_that_ask(ErrorWeighting weighting)
    {
        using Model model = Digits();
        PlanStatistics statistics = Calibrate(model, PlanBuilder.Build(model, new PlanOptions { Weighting = weighting })).Statistics;

        string[] weights = [.. model.Tensors.Where(tensor => tensor.Shape.Rank >= 2).Select(tensor => tensor.Name)];
        Assert.Equal(weights.Order(StringComparer.Ordinal), statistics.Importances.Keys.Order(StringComparer.Ordinal));
        Assert.All(statistics.Importances, entry => Assert.Equal(model.Find(entry.Key)!.ElementCount, entry.Value.Length));
        Assert.Empty(statistics.Curvatures);
        Assert.Null(statistics.Corrected);
    }

    [Fact]
    public void Weightings_are_different_measures_and_each_the_same_again()
    {
        using Model model = Digits();
        string[] hashes = [.. new[] { ErrorWeighting.Fisher, ErrorWeighting.Empirical, ErrorWeighting.Outputs }.Select(Hash)];

        Assert.Equal(3, hashes.Distinct().Count());
        Assert.Equal(hashes[0], Hash(ErrorWeighting.Fisher));

        string Hash(ErrorWeighting weighting)
        {
            (CompressionPlan plan, PlanStatistics statistics) = Calibrate(model, PlanBuilder.Build(model, new PlanOptions { Weighting = weighting }));
            using MemoryStream stream = new();
            ModelCompressor.Compress(model, plan, stream, statistics: statistics);
            return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(stream.ToArray()));
        }
    }

    [Fact]
    public void Tensors_that_no_gradient_reaches_weigh_all_errors_alike()
    {
        OnnxGraphBuilder builder = new("with a table");
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(784));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(10, 784), [.. Enumerable.Range(0, 7840).Select(i => MathF.Sin(i))]));
        builder.AddInitializer(new Tensor("unused", new TensorShape(10, 10), [.. Enumerable.Range(0, 100).Select(i => MathF.Sin(i))]));
        builder.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(10));
        builder.Build().Save(_folder["m.onnx"]);
        using Model model = ModelFormats.Open(_folder["m.onnx"]);

        CompressionPlan plan = Calibrate(model, PlanBuilder.Build(model, new PlanOptions { Weighting = ErrorWeighting.Fisher })).Plan;
        Assert.Equal(
            [("w", ErrorWeighting.Fisher), ("unused", ErrorWeighting.None)],
            plan.Tensors.Select(tensor => (tensor.Name, tensor.Weighting)));
    }

    [Theory]
    [InlineData("relu", false)]
    [InlineData("normalized", false)]
    [InlineData("normalized", true)]
    [InlineData("product", false)]
    public void Corrected_vectors_bring_the_mean_outputs_back(string kind, bool reestimate)
    {
        using Model model = Layers(kind);
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { Quality = 8, Method = TensorMethod.UniformRdo, BiasCorrection = !reestimate, BatchNormReestimation = reestimate });
        double[] wanted = Outputs(model).Means;
        (CompressionPlan corrected, PlanStatistics statistics) = Calibrate(model, plan);
        double before = Distance(Outputs(Decoded(model, plan with { BiasCorrection = false, BatchNormReestimation = false }, null)).Means, wanted);
        double after = Distance(Outputs(Decoded(model, corrected, statistics)).Means, wanted);

        // What the quantization of the vectors themselves adds is left.
        Assert.True(after < 0.25 * before, $"{after} of {before}");
        Assert.NotEmpty(statistics.Corrected!);
    }

    [Fact]
    public void Reestimated_normalizations_bring_the_variance_of_their_outputs_back()
    {
        using Model model = Layers("normalized");
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { Quality = 8, Method = TensorMethod.UniformRdo, BatchNormReestimation = true });
        double[] wanted = Outputs(model).Variances;
        (CompressionPlan reestimated, PlanStatistics statistics) = Calibrate(model, plan);
        double before = Distance(Outputs(Decoded(model, plan with { BatchNormReestimation = false }, null)).Variances, wanted);
        double after = Distance(Outputs(Decoded(model, reestimated, statistics)).Variances, wanted);

        Assert.True(after < 0.25 * before, $"{after} of {before}");
        Assert.Equal(["bn.mean", "bn.var"], statistics.Corrected!.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_network_without_vectors_has_nothing_to_correct()
    {
        using Model model = Layers("bare");
        (_, PlanStatistics statistics) = Calibrate(model, PlanBuilder.Build(model, new PlanOptions { BiasCorrection = true, BatchNormReestimation = true }));

        Assert.Empty(statistics.Corrected!);
    }

    [Theory]
    [InlineData("relu", 0.9)]
    [InlineData("scaled", 0.8)]
    [InlineData("product", 0.9)]
    [InlineData("probabilities", 0.9)]
    public void Tuned_vectors_bring_the_answers_back(string kind, double most)
    {
        using Model model = Layers(kind);
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { Quality = 8, Method = TensorMethod.UniformRdo, FoldBatchNorm = kind == "scaled", VectorTuning = true });
        (CompressionPlan tuned, PlanStatistics statistics) = Calibrate(model, plan);
        float[] wanted = Answers(model);
        double before = Distance(Answers(Decoded(model, plan with { VectorTuning = false }, null)), wanted);
        double after = Distance(Answers(Decoded(model, tuned, statistics)), wanted);

        Assert.True(after < most * before, $"{after} of {before}");
        Assert.NotEmpty(statistics.Tuned!);
        Assert.All(statistics.Tuned!.Values, tensor => Assert.Equal(1, tensor.Shape.Rank));
    }

    [Fact]
    public void Tuned_vectors_are_those_that_are_quantized_whatever_the_threads()
    {
        using Model model = Layers("relu");
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { Quality = 8, VectorTuning = true });
        plan = plan with { Tensors = [.. plan.Tensors.Select(tensor => tensor.Name == "b1" ? new TensorPlan { Name = "b1", Method = TensorMethod.Lossless } : tensor)] };
        PlanStatistics statistics = Calibrate(model, plan).Statistics;
        using KernelThreads one = new(1);
        PlanStatistics alone = new PlanCalibration(ExecutableGraph.Create(OnnxGraph.FromModel(model)), model, _samples, Preprocessing.Default, one)
            .Run(plan with { Calibration = new CalibrationPlan { Samples = _samples.Count } }).Statistics;

        Assert.Equal(["b2"], statistics.Tuned!.Keys);
        Assert.NotEqual(model.Find("b2")!.ReadSingles(), statistics.Tuned!["b2"].ReadSingles());
        Assert.Equal(statistics.Tuned!["b2"].ReadSingles(), alone.Tuned!["b2"].ReadSingles());
    }

    [Fact]
    public void Whole_numbers_and_networks_without_vectors_have_nothing_to_tune()
    {
        foreach (string kind in (string[])["bare", "zeros"])
        {
            using Model model = Layers(kind);
            Assert.Empty(Calibrate(model, PlanBuilder.Build(model, new PlanOptions { VectorTuning = true })).Statistics.Tuned!);
        }
    }

    private (CompressionPlan Plan, PlanStatistics Statistics) Calibrate(Model model, CompressionPlan plan) =>
        new PlanCalibration(ExecutableGraph.Create(OnnxGraph.FromModel(plan.FoldBatchNorm ? BatchNormFolding.Apply(model) : model)), model, _samples, Preprocessing.Default, _threads)
            .Run(plan with { Calibration = new CalibrationPlan { Samples = _samples.Count } });

    private static Model Decoded(Model model, CompressionPlan plan, PlanStatistics? statistics)
    {
        using MemoryStream stream = new();
        ModelCompressor.Compress(model, plan, stream, statistics: statistics);
        return CompressedModel.Open(stream.ToArray()).ToModel();
    }

    private float[] Answers(Model model)
    {
        InferencePlan plan = ExecutableGraph.Create(OnnxGraph.FromModel(model)).PlanInference(_samples.Count, _threads);
        InputBatch.Fill(_samples, 0, _samples.Count, Preprocessing.Default, new float[784], plan.Input(0));
        plan.Run();
        return plan.Output(0).ToArray();
    }

    private (double[] Means, double[] Variances) Outputs(Model model)
    {
        float[] outputs = Answers(model);
        int channels = outputs.Length / _samples.Count;
        double[][] byChannel = [.. Enumerable.Range(0, channels).Select(channel => outputs.Where((_, i) => i % channels == channel).Select(value => (double)value).ToArray())];
        double[] means = [.. byChannel.Select(values => values.Average())];
        return (means, [.. byChannel.Select((values, channel) => values.Average(value => Math.Pow(value - means[channel], 2)))]);
    }

    private static double Distance(float[] left, float[] right) => left.Zip(right, (a, b) => Math.Pow(a - b, 2)).Average();

    private static double Distance(double[] left, double[] right) => Math.Sqrt(left.Zip(right, (a, b) => (a - b) * (a - b)).Sum());

    // Outputs of images, in one layer or two.
    private Model Layers(string kind)
    {
        Seeded random = new(4);
        OnnxGraphBuilder builder = new(kind);
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(784));
        string Vector(string name, int length, Func<float> value) => builder.AddInitializer(new Tensor(name, new TensorShape(length), [.. Enumerable.Range(0, length).Select(_ => value())]));
        string Weight(string name, params long[] shape) =>
            builder.AddInitializer(new Tensor(name, new TensorShape(shape), [.. Enumerable.Range(0, (int)(shape[0] * shape[1])).Select(_ => 0.03f + (0.1f * random.NextGaussian()))]));
        void Normalize(string value, int length, Func<float> scale) => builder.AddNode(
            "BatchNormalization",
            [value, Vector("bn.scale", length, scale), Vector("bn.bias", length, () => random.NextGaussian()), Vector("bn.mean", length, () => 3), Vector("bn.var", length, () => 0.5f)],
            output: "y");
        switch (kind)
        {
            case "relu":
                string hidden = builder.AddNode("Gemm", [x, Weight("w1", 20, 784), Vector("b1", 20, () => random.NextGaussian())], [new OnnxAttribute("transB", 1)]);
                builder.AddNode("Gemm", [builder.AddNode("Relu", [hidden]), Weight("w2", 20, 20), Vector("b2", 20, () => random.NextGaussian())], [new OnnxAttribute("transB", 1)], "y");
                break;
            case "normalized":
                Normalize(builder.AddNode("Gemm", [x, Weight("w", 12, 784)], [new OnnxAttribute("transB", 1)]), 12, () => 1);
                break;
            case "scaled":
                Normalize(builder.AddNode("Gemm", [x, Weight("w", 20, 784)], [new OnnxAttribute("transB", 1)]), 20, () => 1 + (0.1f * random.NextGaussian()));
                break;
            case "zeros":
                builder.AddNode("Add", [builder.AddNode("MatMul", [x, Weight("w", 784, 20)]), Vector("b", 20, () => 0)], output: "y");
                break;
            case "probabilities":
                string logits = builder.AddNode("Add", [builder.AddNode("MatMul", [x, Weight("w", 784, 20)]), Vector("b", 20, () => random.NextGaussian())]);
                builder.AddNode("Softmax", [logits], output: "y");
                break;
            case "product":
                string sums = builder.AddNode("MatMul", [x, Weight("w", 784, 20)]);
                builder.AddNode("Add", [sums, Vector("b", 20, () => random.NextGaussian())], output: "y");
                break;
            default:
                builder.AddNode("MatMul", [x, Weight("w", 784, 20)], output: "y");
                break;
        }

        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(kind == "normalized" ? 12 : 20));
        builder.Build().Save(_folder[$"{kind}.onnx"]);
        return ModelFormats.Open(_folder[$"{kind}.onnx"]);
    }

    private static Model Digits() => ModelFormats.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5-digits.onnx"));
}
