using Tersor.Compression.Pruning;
using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Pruning;

public class PatternParameterTests
{
    /// <summary>The note on pruning, section 5: gradients pass straight through, and what does not run decays by 2e-4.</summary>
    [Fact]
    public void Gradients_reach_all_weights_and_those_that_do_not_run_decay()
    {
        PatternParameter pattern = Over([4, -1, 2, -3], keep: 2, of: 4);
        float[] weight = new float[4];
        pattern.Forward(weight);
        Assert.Equal([4f, 0, 0, -3f], weight);
        pattern.Backward(weight, [0.1f, 0.2f, 0.3f, 0.4f]);
        Assert.Equal([0.1f, 0.2f - 2e-4f, 0.3f + 4e-4f, 0.4f], pattern.Stored[0].Gradient, (a, b) => MathF.Abs(a - b) < 1e-7f);
    }

    [Fact]
    public void The_choice_follows_the_weights_at_every_step()
    {
        PatternParameter pattern = Over([4, -1, 2, -3], keep: 2, of: 4);
        pattern.Stored[0].Values[1] = -3.5f;
        float[] weight = new float[4];
        pattern.Forward(weight);
        Assert.Equal([4f, -3.5f, 0, 0], weight);
    }

    [Fact]
    public void Runs_of_a_convolution_go_over_its_input_channels_at_one_place_of_the_kernel()
    {
        OnnxGraph graph = Convolution([1, 9, 2, 8, 3, 7, 4, 6], new TensorShape(1, 4, 1, 2));
        WeightPattern pattern = WeightPattern.Along(graph, "w", new TensorShape(1, 4, 1, 2), 2, 4);
        Assert.Equal((4, 2), (pattern.Inputs, pattern.Stride));
        Assert.Equal([false, true, false, true, true, false, true, false], pattern.MaskOf([1, 9, 2, 8, 3, 7, 4, 6]));

        // One input channel: runs of one, which stay.
        Assert.DoesNotContain(false, WeightPattern.Along(Convolution(new float[8], new TensorShape(4, 1, 1, 2)), "w", new TensorShape(4, 1, 1, 2), 2, 4).MaskOf(new float[8]));
    }

    private static PatternParameter Over(float[] weights, int keep, int of)
    {
        GraphParameter parameter = ExecutableGraph.Create(Convolution(weights, new TensorShape(1, weights.Length, 1, 1))).FindParameter("w")!;
        return new PatternParameter(parameter, new WeightPattern(keep, of, weights.Length, Stride: 1));
    }

    private static OnnxGraph Convolution(float[] weights, TensorShape shape)
    {
        OnnxGraphBuilder builder = new("convolution");
        string x = builder.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(shape[1]), new OnnxDimension(4), new OnnxDimension(4));
        builder.AddNode("Conv", [x, builder.AddInitializer(new Tensor("w", shape, weights))], [], "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(shape[0]), new OnnxDimension(5 - shape[2]), new OnnxDimension(5 - shape[3]));
        return builder.Build();
    }
}
