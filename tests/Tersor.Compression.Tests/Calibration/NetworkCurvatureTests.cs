using Tersor.Compression.Answers;
using Tersor.Compression.Calibration;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Quantization;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Calibration;

public class NetworkCurvatureTests
{
    private static readonly Preprocessing Plain = Preprocessing.Default with { Scale = 1 };

    [Fact]
    public void Of_a_single_product_the_predicted_distance_is_that_of_the_answers()
    {
        const int Inputs = 24;
        const int Outputs = 12;
        ExecutableGraph graph = Linear(Inputs, Outputs);
        SampleSet samples = Walks(4096, Inputs);
        using KernelThreads threads = new(2);
        NetworkCurvature curvature = NetworkCurvature.Estimate(graph, samples, Plain, (1e-4, 1e-4), seed: 1, threads);
        AnswerComparison answers = new(graph, samples, Plain, threads);
        RowCurvature rows = curvature.Rows["w"];
        Assert.Equal((Outputs, Inputs), (rows.Rows, rows.Columns));
        for (ulong seed = 0; seed < 5; seed++)
        {
            (double predicted, double measured) = Perturb(graph, "w", 0.1f, rows, answers, seed);
            Assert.Equal(measured, predicted, 0.05 * measured);
        }
    }

    [Theory]
    [InlineData("Gemm", 1)]
    [InlineData("MatMul", 1)]
    [InlineData("MatMul", 3)]
    public void Of_a_product_with_columns_the_predicted_distance_is_that_of_the_answers(string operatorType, int places)
    {
        const int Inputs = 24;
        const int Outputs = 12;
        Seeded random = new(1);
        OnnxGraphBuilder builder = new("columns");
        OnnxDimension[] place = places == 1 ? [] : [new OnnxDimension(places)];
        string x = builder.AddInput("x", ElementType.Float32, [new OnnxDimension("N"), .. place, new OnnxDimension(Inputs)]);
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(Inputs, Outputs), [.. Enumerable.Range(0, Inputs * Outputs).Select(_ => random.NextGaussian())]));
        builder.AddNode(operatorType, [x, w], output: "y");
        builder.AddOutput("y", ElementType.Float32, [new OnnxDimension("N"), .. place, new OnnxDimension(Outputs)]);
        ExecutableGraph graph = ExecutableGraph.Create(builder.Build());
        SampleSet samples = Walks(4096, Inputs, places);
        using KernelThreads threads = new(2);
        NetworkCurvature curvature = NetworkCurvature.Estimate(graph, samples, Plain, (1e-4, 1e-4), seed: 1, threads);
        AnswerComparison answers = new(graph, samples, Plain, threads);

        RowCurvature rows = curvature.Rows["w"];
        Assert.Equal((Inputs, Outputs), (rows.Rows, rows.Columns));
        for (ulong seed = 0; seed < 5; seed++)
        {
            (double predicted, double measured) = Perturb(graph, "w", 0.1f, rows, answers, seed);
            Assert.Equal(measured, predicted, 0.05 * measured);
        }
    }

    [Fact]
    public void Of_each_layer_of_a_LeNet_the_predicted_distance_is_about_that_of_the_answers()
    {
        ExecutableGraph graph = Digits();
        SampleSet samples = GeneratedDigits.Generate(256, seed: 3, isTest: false);
        using KernelThreads threads = new(2);
        NetworkCurvature curvature = NetworkCurvature.Estimate(graph, samples, Preprocessing.Default, (0.03, 0.1), seed: 1, threads);
        AnswerComparison answers = new(graph, samples, Preprocessing.Default, threads);

        string[] weights = [.. graph.Parameters.Where(parameter => parameter.Shape.Rank > 1).Select(parameter => parameter.Name)];
        Assert.Equal(weights.Order(StringComparer.Ordinal), curvature.Rows.Keys.Order(StringComparer.Ordinal));
        foreach (string name in weights)
        {
            float size = 0.02f * MathF.Sqrt(graph.FindParameter(name)!.Values.Average(value => value * value));
            (double predicted, double measured) = Perturb(graph, name, size, curvature.Rows[name], answers, seed: 4);
            Assert.True(predicted > measured / 3 && predicted < 3 * measured, $"{name}: predicted {predicted}, measured {measured}");
        }
    }

    [Fact]
    public void The_mean_cost_is_known_of_what_gradients_reach()
    {
        OnnxGraphBuilder builder = new("biased");
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(4));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(2, 4), [1, 2, 3, 4, 5, 6, 7, 8]));
        string b = builder.AddInitializer(new Tensor("b", new TensorShape(2), [1, 2]));
        builder.AddNode("Gemm", [x, w, b], [new OnnxAttribute("transB", 1)], "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(2));
        using KernelThreads threads = new(1);
        NetworkCurvature curvature = NetworkCurvature.Estimate(ExecutableGraph.Create(builder.Build()), Walks(1024, 4), Plain, (0.03, 0.1), seed: 1, threads);

        // A unit of error of a bias moves one of two outputs by 1.
        Assert.Equal(0.5, curvature.MeanCost("b")!.Value, 0.15);
        Assert.Equal(curvature.Rows["w"].Mean, curvature.MeanCost("w"));
        Assert.False(curvature.Rows.ContainsKey("b"));
        Assert.Null(curvature.MeanCost("nothing"));
    }

    [Fact]
    public void Inputs_that_are_always_zero_leave_a_curvature_that_can_be_used()
    {
        ExecutableGraph graph = Linear(5, 3);
        SampleSet zeros = new("zeros", new TensorShape(5), new float[64 * 5], new TensorShape(1), new float[64]);
        using KernelThreads threads = new(1);
        NetworkCurvature curvature = NetworkCurvature.Estimate(graph, zeros, Plain, (0.03, 0.1), seed: 1, threads);

        double cost = curvature.Rows["w"].Cost(new float[15], [.. Enumerable.Repeat(1f, 15)]);
        Assert.True(double.IsFinite(cost) && cost > 0, $"{cost}");
    }

    [Fact]
    public void The_result_depends_on_the_seed_and_not_on_the_number_of_threads()
    {
        ExecutableGraph graph = Linear(40, 20);
        SampleSet samples = Walks(300, 40);
        Dictionary<string, double> one = Means(seed: 1, count: 1);

        Assert.Equal(one, Means(seed: 1, count: 3));
        Assert.NotEqual(one, Means(seed: 2, count: 1));

        Dictionary<string, double> Means(ulong seed, int count)
        {
            using KernelThreads threads = new(count);
            return NetworkCurvature.Estimate(graph, samples, Plain, (0.03, 0.1), seed, threads).Rows.ToDictionary(row => row.Key, row => row.Value.Mean, StringComparer.Ordinal);
        }
    }

    [Fact]
    public void Every_sample_is_reported_and_the_weights_stay_as_they_are()
    {
        ExecutableGraph graph = Linear(4, 2);
        float[] before = [.. graph.FindParameter("w")!.Values];
        List<int> reported = [];
        using KernelThreads threads = new(1);
        NetworkCurvature.Estimate(graph, Walks(70, 4), Plain, (0.03, 0.1), seed: 1, threads, new Reports(reported));

        Assert.Equal(70, reported[^1]);
        Assert.Equal(before, graph.FindParameter("w")!.Values);
    }

    [Fact]
    public void Work_that_was_cancelled_stops()
    {
        using KernelThreads threads = new(1);
        Assert.Throws<OperationCanceledException>(
            () => NetworkCurvature.Estimate(Linear(4, 2), Walks(70, 4), Plain, (0.03, 0.1), seed: 1, threads, cancellationToken: new CancellationToken(canceled: true)));
    }

    // A random error of all weights: the distance that the curvature says, and that of the answers.
    private static (double Predicted, double Measured) Perturb(ExecutableGraph graph, string name, float size, RowCurvature rows, AnswerComparison answers, ulong seed)
    {
        Seeded random = new(seed);
        float[] values = graph.FindParameter(name)!.Values;
        float[] original = [.. values];
        for (int i = 0; i < values.Length; i++) values[i] += size * random.NextGaussian();
        double predicted = rows.Cost(original, values);
        double measured = answers.Compare().Distance;
        original.CopyTo(values, 0);
        return (predicted, measured);
    }

    private static ExecutableGraph Digits()
    {
        using Model model = ModelFormats.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5-digits.onnx"));
        return ExecutableGraph.Create(OnnxGraph.FromModel(model));
    }

    private static ExecutableGraph Linear(int inputs, int outputs)
    {
        Seeded random = new(1);
        OnnxGraphBuilder builder = new("linear");
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(inputs));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(outputs, inputs), [.. Enumerable.Range(0, inputs * outputs).Select(_ => random.NextGaussian())]));
        builder.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(outputs));
        return ExecutableGraph.Create(builder.Build());
    }

    // Each value goes on from the one before, so that the inputs of a row are correlated.
    private static SampleSet Walks(int count, int length, int places = 1)
    {
        Seeded random = new(2);
        float[] values = new float[count * length * places];
        for (int i = 0; i < values.Length; i++) values[i] = (i % length == 0 ? 0 : 0.8f * values[i - 1]) + (0.6f * random.NextGaussian());
        return new SampleSet("walks", places == 1 ? new TensorShape(length) : new TensorShape(places, length), values, new TensorShape(1), new float[count]);
    }

    private sealed class Reports(List<int> reported) : IProgress<int>
    {
        public void Report(int value) => reported.Add(value);
    }
}
