using Tersor.Compression.Sensitivity;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Sensitivity;

public class FisherTests
{
    private static readonly Preprocessing Plain = Preprocessing.Default with { Scale = 1 };
    private static readonly SampleSet SomeDigits = GeneratedDigits.Generate(256, seed: 3, isTest: false);
    private static readonly Lazy<double[][]> Exact = new(() => ExactInformation(ExecutableGraph.Create(SmallNetwork()), SomeDigits));

    /// <summary>The note on rate-distortion theory, section 6: f = sigmoid(w x), w = 0.5, x = 2 has x^2 f (1 - f) = 0.7864477.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_logistic_regression_has_the_worked_examples_information(bool endsInSoftmax)
    {
        ExecutableGraph graph = Linear([0.5f, 0f], inputs: 1, outputs: 2, endsInSoftmax);
        SampleSet samples = new("twos", new TensorShape(1), Enumerable.Repeat(2f, 8192).ToArray(), new int[8192]);
        TensorFisher fisher = Estimate(graph, samples, new FisherOptions { Samples = 8192 }).Tensors[0];
        Assert.Equal(0.7864477, fisher.Values[0], 0.03);
        Assert.Equal(0.7864477, fisher.Values[1], 0.03);
    }

    [Fact]
    public void A_linear_regression_has_the_inputs_mean_squares()
    {
        ExecutableGraph graph = Linear([0.3f, -1f, 2f], inputs: 3, outputs: 1, endsInSoftmax: false);
        SampleSet samples = new("values", new TensorShape(3), [1, 2, 3, -1, 0, 5], new TensorShape(1), [0f, 0f]);

        // Batches of one sample: no products between samples, so the values are exact.
        TensorFisher fisher = Estimate(graph, samples, new FisherOptions { Batch = 1 }).Tensors[0];
        Assert.Equal([1f, 2f, 17f], fisher.Values);
        Assert.Equal([20.0], fisher.ChannelSums());
        Assert.Equal(17, fisher.Maximum);
        Assert.Equal(0.5 * ((1 * 0.25) + (17 * 4)), fisher.Divergence([0, 0, 0], [0.5f, 0, -2]), 1e-6);
    }

    [Theory]
    [InlineData(float.NaN, 1, "tensor 'w': element 1 is NaN, and the gradients of 2 of 2 samples are not finite numbers; replace the value")]
    [InlineData(1, float.NaN, ": the gradients of 2 of 2 samples are not finite numbers; check weights and preprocessing")]
    public void Gradients_that_are_no_numbers_are_refused_and_a_broken_weight_is_named(float weight, float pixel, string problem)
    {
        ExecutableGraph graph = Linear([0f, weight], inputs: 1, outputs: 2, endsInSoftmax: false);
        SampleSet samples = new("values", new TensorShape(1), [pixel, pixel], new[] { 0, 1 });
        ModelFormatException refusal = Assert.Throws<ModelFormatException>(() => Estimate(graph, samples, new FisherOptions()));
        Assert.EndsWith(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_empirical_information_of_a_linear_regression_weighs_by_the_squared_errors()
    {
        ExecutableGraph graph = Linear([1f, 1f], inputs: 2, outputs: 1, endsInSoftmax: false);
        SampleSet samples = new("values", new TensorShape(2), [1, 2, 3, 0], new TensorShape(1), [5f, 2f]);
        TensorFisher fisher = Estimate(graph, samples, new FisherOptions { Batch = 1, Labels = FisherLabels.OfData }).Tensors[0];

        // Errors -2 and 1: (4 * 1 + 1 * 9) / 2 and (4 * 4 + 0) / 2.
        Assert.Equal([6.5f, 8f], fisher.Values);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void An_estimate_agrees_with_the_sum_over_all_classes(int batch)
    {
        FisherInformation estimate = Estimate(ExecutableGraph.Create(SmallNetwork()), SomeDigits, new FisherOptions { Batch = batch }, Preprocessing.Default);
        double[][] exact = Exact.Value;
        Assert.Equal(exact.Length, estimate.Tensors.Count);
        for (int t = 0; t < exact.Length; t++)
        {
            TensorFisher tensor = estimate.Tensors[t];
            double expected = exact[t].Sum();
            Assert.True(Math.Abs(tensor.Sum - expected) <= 0.2 * expected, $"{tensor.Name}: {tensor.Sum}, over all classes {expected}");
            if (tensor.Values.Count < 50) continue;
            Assert.True(Correlation(exact[t], tensor.Values) > 0.8, $"{tensor.Name}: correlation {Correlation(exact[t], tensor.Values)}");
        }
    }

    [Fact]
    public void The_predicted_divergence_is_that_of_the_answers()
    {
        ExecutableGraph graph = ExecutableGraph.Create(SmallNetwork());
        SampleSet samples = GeneratedDigits.Generate(512, seed: 4, isTest: false);
        FisherInformation fisher = Estimate(graph, samples, new FisherOptions { Samples = 512 }, Preprocessing.Default);
        float[] before = Logits(graph, samples);
        Seeded random = new(5);
        foreach (TensorFisher tensor in fisher.Tensors.Where(tensor => tensor.Shape.Rank > 1))
        {
            GraphParameter parameter = graph.FindParameter(tensor.Name)!;
            float[] original = [.. parameter.Values];
            float size = 0.02f * MathF.Sqrt(original.Average(value => value * value));
            for (int i = 0; i < original.Length; i++) parameter.Values[i] += size * random.NextGaussian();
            double predicted = tensor.Divergence(original, parameter.Values);
            double measured = Divergence(before, Logits(graph, samples), classes: 10);
            original.CopyTo(parameter.Values, 0);
            Assert.InRange(predicted, measured / 2, measured * 2);
        }
    }

    [Fact]
    public void The_result_does_not_depend_on_the_number_of_threads()
    {
        SampleSet samples = GeneratedDigits.Generate(64, seed: 6, isTest: false);
        ExecutableGraph graph = ExecutableGraph.Create(SmallNetwork());
        FisherInformation[] runs = [.. new[] { 1, 2, 3 }.Select(count => Estimate(graph, samples, new FisherOptions(), Preprocessing.Default, count))];
        foreach (FisherInformation run in runs)
            Assert.All(run.Tensors.Zip(runs[0].Tensors), pair => Assert.Equal(pair.Second.Values, pair.First.Values));
    }

    [Fact]
    public void Running_statistics_stay_as_they_are()
    {
        ExecutableGraph graph = ExecutableGraph.Create(SmallNetwork());
        float[][] before = [.. graph.Parameters.Select(parameter => parameter.Values.ToArray())];
        Estimate(graph, GeneratedDigits.Generate(32, seed: 7, isTest: false), new FisherOptions(), Preprocessing.Default);
        Assert.Equal(before, graph.Parameters.Select(parameter => parameter.Values));
    }

    [Fact]
    public void Samples_that_do_not_fit_are_refused_with_both_sides()
    {
        ExecutableGraph graph = Linear([1f, 0f], inputs: 1, outputs: 2, endsInSoftmax: false);
        SampleSet classes = new("three classes", new TensorShape(1), [1f, 1f, 1f], new[] { 0, 1, 2 });
        Assert.Contains("3 classes", Assert.Throws<DataMismatchException>(() => Estimate(graph, classes, new FisherOptions())).Message, StringComparison.Ordinal);
        SampleSet none = new("none", new TensorShape(1), Array.Empty<float>(), Array.Empty<int>());
        Assert.Throws<DataMismatchException>(() => Estimate(graph, none, new FisherOptions()));
    }

    private static FisherInformation Estimate(ExecutableGraph graph, SampleSet samples, FisherOptions options, Preprocessing? preprocessing = null, int threads = 2)
    {
        using KernelThreads kernels = new(threads);
        return new FisherEstimator(graph, samples, preprocessing ?? Plain, options, kernels).Run();
    }

    private static ExecutableGraph Linear(float[] weights, int inputs, int outputs, bool endsInSoftmax)
    {
        OnnxGraphBuilder builder = new("linear");
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(inputs));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(outputs, inputs), weights));
        string y = builder.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], endsInSoftmax ? null : "y");
        if (endsInSoftmax) builder.AddNode("Softmax", [y], output: "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(outputs));
        return ExecutableGraph.Create(builder.Build());
    }

    private static OnnxGraph SmallNetwork()
    {
        NetworkBuilder builder = new("small", seed: 1, 1, 28, 28);
        string value = builder.Relu("relu1", builder.BatchNormalization("bn1", builder.Convolution("conv1", builder.Input, channels: 6, kernel: 5, stride: 2)));
        value = builder.MaxPool("pool", value, kernel: 2, stride: 2);
        value = builder.Relu("relu2", builder.Convolution("conv2", value, channels: 8, kernel: 3));
        return builder.Build(builder.Dense("fc", builder.Flatten("flatten", value), outputs: 10));
    }

    /// <summary>For each sample and class a pass of its own: p_c times the squared gradient of log p_c.</summary>
    private static double[][] ExactInformation(ExecutableGraph graph, SampleSet samples)
    {
        using KernelThreads threads = new(2);
        TrainingPlan plan = graph.PlanGradients(graph.ShapesForBatch(1), threads);
        GraphParameter[] parameters = [.. graph.Parameters.Where(parameter => parameter.IsTrainable)];
        double[][] sums = [.. parameters.Select(parameter => new double[parameter.Values.Length])];
        float[] pixels = new float[samples.SampleShape.ElementCount];
        for (int sample = 0; sample < samples.Count; sample++)
        {
            for (int c = 0; c < 10; c++)
            {
                InputBatch.Fill(samples, sample, 1, Preprocessing.Default, pixels, plan.Input(0));
                plan.Forward(0);
                float[] probabilities = new float[10];
                System.Numerics.Tensors.TensorPrimitives.SoftMax(plan.Output(0), probabilities);
                for (int j = 0; j < 10; j++) plan.OutputGradient(0)[j] = (j == c ? 1 : 0) - probabilities[j];
                plan.Backward();
                for (int t = 0; t < parameters.Length; t++)
                {
                    for (int i = 0; i < sums[t].Length; i++) sums[t][i] += (double)probabilities[c] * parameters[t].ForwardGradient[i] * parameters[t].ForwardGradient[i] / samples.Count;
                }
            }
        }

        return sums;
    }

    private static float[] Logits(ExecutableGraph graph, SampleSet samples)
    {
        using KernelThreads threads = new(2);
        InferencePlan plan = graph.PlanInference(samples.Count, threads);
        InputBatch.Fill(samples, 0, samples.Count, Preprocessing.Default, new float[samples.SampleShape.ElementCount], plan.Input(0));
        plan.Run();
        return plan.Output(0).ToArray();
    }

    private static double Divergence(float[] before, float[] after, int classes)
    {
        double sum = 0;
        float[] p = new float[classes], q = new float[classes];
        for (int start = 0; start < before.Length; start += classes)
        {
            System.Numerics.Tensors.TensorPrimitives.SoftMax(before.AsSpan(start, classes), p);
            System.Numerics.Tensors.TensorPrimitives.SoftMax(after.AsSpan(start, classes), q);
            for (int c = 0; c < classes; c++) sum += p[c] * (Math.Log(p[c]) - Math.Log(q[c]));
        }

        return sum / (before.Length / classes);
    }

    private static double Correlation(double[] a, IReadOnlyList<float> b)
    {
        (double meanA, double meanB) = (a.Average(), b.Average());
        (double products, double squaresA, double squaresB) = (0, 0, 0);
        for (int i = 0; i < a.Length; i++)
        {
            products += (a[i] - meanA) * (b[i] - meanB);
            squaresA += (a[i] - meanA) * (a[i] - meanA);
            squaresB += (b[i] - meanB) * (b[i] - meanB);
        }

        return products / Math.Sqrt(squaresA * squaresB);
    }
}
