using Tersor.Compression.Pruning;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Pruning;

public sealed class PathIntegralParameterTests
{
    // f = w x with x = (1, 0) and target 0: the squared error has the gradient (2 f, 0).
    private static readonly SampleSet Samples = new("pair", new TensorShape(2), [1, 0], new TensorShape(1), [0f]);

    /// <summary>
    /// Two steps at rate 0.1 from 0.5: gradients 1 and 0.8, moves -0.1 and -0.08, so that the path took 0.1 + 0.064 off the loss over a move of 0.18.
    /// </summary>
    [Fact]
    public void Two_steps_give_the_sum_over_the_squared_move()
    {
        PathIntegralParameter path = Train([0.5f, -2f], isKept: null);
        Assert.Equal([0.32f, -2f], path.Stored[0].Values, (a, b) => MathF.Abs(a - b) < 1e-6f);
        Assert.Equal(0.164 / ((0.18 * 0.18) + 0.001), path.Scores()[0], 1e-4);
        Assert.Equal(0f, path.Scores()[1]);
    }

    [Fact]
    public void The_pull_of_a_regulariser_is_no_gradient_of_the_loss()
    {
        // L1 of 0.5 moves by 0.05 more per step: gradients 1 and 0.7 of the loss, moves -0.15 and -0.12.
        PathIntegralParameter path = Train([0.5f, -2f], isKept: null, l1: 0.5f);
        Assert.Equal(((1 * 0.15) + (0.7 * 0.12)) / ((0.27 * 0.27) + 0.001), path.Scores()[0], 1e-4);
    }

    [Fact]
    public void What_was_pruned_stays_zero_and_has_no_path()
    {
        PathIntegralParameter path = Train([0f, -2f], isKept: [false, true]);
        Assert.Equal([0f, -2f], path.Stored[0].Values);
        Assert.Equal([0f, 0f], path.Scores());
    }

    private static PathIntegralParameter Train(float[] weights, bool[]? isKept, float l1 = 0)
    {
        OnnxGraphBuilder builder = new("linear");
        string x = builder.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(2));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(1, 2), weights));
        builder.AddNode("Gemm", [x, w], [new OnnxAttribute("transB", 1)], "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(1));
        ExecutableGraph graph = ExecutableGraph.Create(builder.Build());
        GraphParameter parameter = graph.FindParameter("w")!;
        PathIntegralParameter path = new(parameter, isKept);
        parameter.Function = path;
        using KernelThreads threads = new(1);
        TrainingOptions options = new() { Epochs = 2, Batch = 1, LearningRate = 0.1, L1 = l1, Optimizer = () => new SgdOptimizer(momentum: 0), Loss = new MeanSquaredErrorLoss() };
        new Trainer(graph, Samples, null, Preprocessing.Default with { Scale = 1 }, options, threads).Run();
        return path;
    }
}
