using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Training;

public class SharedParameterTests
{
    [Fact]
    public void The_gradient_of_a_centroid_is_the_sum_of_those_of_its_elements()
    {
        GraphParameter weight = Linear([0, 1, 0, 2, 3, 0, 4, 0, 5]).FindParameter("w")!;
        SharedParameter shared = new(weight, [-1, 0, -1, 1, 0, -1, 1, 2, -1], [10, 20, 30]);
        float[] forward = new float[9];

        shared.Forward(forward);
        shared.Backward(forward, [100, 1, 100, 2, 4, 100, 8, 16, 100]);

        Assert.Equal([0, 10, 0, 20, 10, 0, 20, 30, 0], forward);
        Assert.Equal([5, 10, 16], shared.Stored[0].Gradient);
    }

    [Fact]
    public void Gradients_agree_with_finite_differences()
    {
        const float Step = 1f / 64;
        Seeded random = new(8);
        ExecutableGraph graph = Linear(new float[9]);
        GraphParameter weight = graph.FindParameter("w")!;
        SharedParameter shared = new(weight, [0, 1, -1, 2, 0, 1, -1, 2, 2], [0.5f, -0.25f, 1]);
        weight.Function = shared;
        using KernelThreads threads = new(1);
        TrainingPlan plan = graph.PlanTraining(4, threads);
        for (int i = 0; i < 12; i++) plan.Input(0)[i] = random.NextGaussian();
        CrossEntropyLoss loss = new();

        Loss();
        plan.Backward();
        float[] gradient = [.. shared.Stored[0].Gradient];

        for (int j = 0; j < 3; j++)
        {
            float centroid = shared.Stored[0].Values[j];
            shared.Stored[0].Values[j] = centroid + Step;
            double above = Loss();
            shared.Stored[0].Values[j] = centroid - Step;
            double below = Loss();
            shared.Stored[0].Values[j] = centroid;

            // The third derivative is below 1; the step squared over six bounds what the difference misses.
            Assert.Equal((above - below) / (2 * Step), gradient[j], 1e-4);
        }

        double Loss()
        {
            plan.Forward(0);
            return loss.Compute(plan.Output(0), 4, new LossTargets(new[] { 0, 1, 2, 0 }), plan.OutputGradient(0));
        }
    }

    [Fact]
    public void Distinct_values_become_centroids_and_zeros_are_held()
    {
        GraphParameter weight = Linear([2, 0, -1, -1, -0f, 2, 2, 0.5f, 0]).FindParameter("w")!;

        SharedParameter shared = SharedParameter.ByDistinctValues(weight);

        Assert.Equal([-1, 0.5f, 2], shared.Centroids.ToArray());
        Assert.Equal([2, -1, 0, 0, -1, 2, 2, 1, -1], shared.Ids.ToArray());
    }

    [Fact]
    public void A_weight_without_survivors_stays_zero()
    {
        GraphParameter weight = Linear(new float[9]).FindParameter("w")!;
        SharedParameter shared = SharedParameter.ByDistinctValues(weight);
        float[] forward = new float[9];
        Array.Fill(forward, 7);

        shared.Forward(forward);
        shared.Backward(forward, forward);

        Assert.Equal(new float[9], forward);
        Assert.Empty(shared.Stored[0].Values);
    }

    [Fact]
    public void A_shared_weight_learns_and_keeps_its_clusters()
    {
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 3));
        GraphParameter weight = graph.FindParameter("fc1.weight")!;
        float[] coarse = [.. weight.Values.Select(value => MathF.Abs(value) < 0.02f ? 0 : MathF.Round(value * 50) / 50)];
        coarse.CopyTo(weight.Values, 0);
        SharedParameter shared = SharedParameter.ByDistinctValues(weight);
        weight.Function = shared;
        float[] before = [.. shared.Centroids];
        using KernelThreads threads = new(2);
        TrainingOptions options = new() { Epochs = 2, Batch = 32, LearningRate = 0.01 };

        IReadOnlyList<EpochReport> curve = new Trainer(graph, GeneratedDigits.Generate(256, seed: 1, isTest: false), null, Preprocessing.Default, options, threads).Run();

        Assert.True(curve[^1].TrainLoss < curve[0].TrainLoss, $"loss from {curve[0].TrainLoss} to {curve[^1].TrainLoss}");
        Assert.NotEqual(before, shared.Centroids.ToArray());
        for (int i = 0; i < coarse.Length; i++) Assert.Equal(coarse[i] == 0 ? 0 : shared.Centroids[shared.Ids[i]], weight.Values[i]);
    }

    [Fact]
    public void Ids_that_fit_neither_weight_nor_centroids_are_refused()
    {
        GraphParameter weight = Linear(new float[9]).FindParameter("w")!;
        Assert.Contains("8 ids for 'w' of 3x3", Assert.Throws<ArgumentException>(() => new SharedParameter(weight, new int[8], [1])).Message, StringComparison.Ordinal);
        Assert.Contains("Element 2 of 'w' has id 1", Assert.Throws<ArgumentException>(() => new SharedParameter(weight, [0, -1, 1, 0, 0, 0, 0, 0, 0], [1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new SharedParameter(weight, new int[9], []));
        Array.Fill(weight.Values, float.NaN);
        Assert.Contains("'w' holds NaN", Assert.Throws<ArgumentException>(() => SharedParameter.ByDistinctValues(weight)).Message, StringComparison.Ordinal);
    }

    private static ExecutableGraph Linear(float[] weight)
    {
        OnnxGraphBuilder graph = new("linear");
        string x = graph.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(3));
        string w = graph.AddInitializer(new Tensor("w", new TensorShape(3, 3), weight));
        graph.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], "logits");
        graph.AddOutput("logits", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(3));
        return ExecutableGraph.Create(graph.Build());
    }
}
