using Tersor.Compression.Pruning;
using Tersor.Compression.Recipes;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Pruning;

public class WeightScoresTests
{
    // f = w x with w = (0.5, -2); the squared error to 0 has the gradient 2 f x, the squared length of the output the same.
    private static readonly float[] Weights = [0.5f, -2f];
    private static readonly SampleSet Samples = new("pairs", new TensorShape(2), [1, 0, 0, 1, 2, 1], new TensorShape(1), [0f, 0f, 0f]);

    [Fact]
    public void Magnitudes_are_sizes() => Assert.Equal([0.5f, 2f], Scores(WeightImportance.Magnitude));

    [Fact]
    public void Gradient_times_weight_is_the_mean_gradients()
    {
        // f = 0.5, -2, -1: mean of 2 f x = ((1 + 0 - 4) / 3, (0 - 4 - 2) / 3).
        float[] scores = Scores(WeightImportance.Gradient);
        Assert.Equal(0.5f * 1f, scores[0], 1e-5f);
        Assert.Equal(2f * 2f, scores[1], 1e-5f);
    }

    [Fact]
    public void Memory_aware_synapses_average_the_magnitudes()
    {
        // |2 f x| = (1, 0), (0, 4), (4, 2).
        float[] scores = Scores(WeightImportance.LifelongUnlabelled);
        Assert.Equal(5f / 3, scores[0], 1e-5f);
        Assert.Equal(2f, scores[1], 1e-5f);
    }

    [Fact]
    public void Squares_of_gradients_are_those_worked_out_by_hand()
    {
        // Samples that share no weight: f = 0.5 and -2, and half the squared error has the gradients (0.5, 0) and (0, -2).
        SampleSet apart = new("apart", new TensorShape(2), [1, 0, 0, 1], new TensorShape(1), [0f, 0f]);
        Assert.Equal([0.125f, 2f], Scores(WeightImportance.Lifelong, samples: apart), (a, b) => MathF.Abs(a - b) < 1e-5f);
        Assert.Equal([0.125f * 0.25f, 2f * 4], Scores(WeightImportance.Taylor, samples: apart), (a, b) => MathF.Abs(a - b) < 1e-5f);

        // The information of a linear model is the mean square of its inputs.
        Assert.Equal([0.5f * 0.25f, 0.5f * 4], Scores(WeightImportance.Fisher, samples: apart), (a, b) => MathF.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public void Elastic_weight_consolidation_averages_the_squares_and_Taylor_multiplies_them_by_the_weights()
    {
        float[] lifelong = Scores(WeightImportance.Lifelong);
        float[] taylor = Scores(WeightImportance.Taylor);
        Assert.True(lifelong[0] > 0 && lifelong[1] > 0);
        Assert.Equal(lifelong[0] * 0.25f, taylor[0], 1e-5f);
        Assert.Equal(lifelong[1] * 4f, taylor[1], 1e-4f);
    }

    [Fact]
    public void A_fixed_batch_changes_no_score()
    {
        Assert.Equal(Scores(WeightImportance.LifelongUnlabelled), Scores(WeightImportance.LifelongUnlabelled, batch: 2), (a, b) => MathF.Abs(a - b) < 1e-6f);
        Assert.Equal(Scores(WeightImportance.Gradient), Scores(WeightImportance.Gradient, batch: 2), (a, b) => MathF.Abs(a - b) < 1e-6f);
    }

    private static float[] Scores(WeightImportance importance, int? batch = null, SampleSet? samples = null)
    {
        OnnxDimension rows = batch is int size ? new OnnxDimension(size) : new OnnxDimension("N");
        OnnxGraphBuilder builder = new("linear");
        string x = builder.AddInput("input", ElementType.Float32, rows, new OnnxDimension(2));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(1, 2), Weights));
        builder.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], "y");
        builder.AddOutput("y", ElementType.Float32, rows, new OnnxDimension(1));
        ExecutableGraph graph = ExecutableGraph.Create(builder.Build());
        using KernelThreads threads = new(1);
        RecipeSession session = new(samples ?? Samples, samples ?? Samples, Preprocessing.Default with { Scale = 1 }, threads);
        return WeightScores.Measure(graph, [graph.FindParameter("w")!], importance, session, int.MaxValue)[0];
    }
}
