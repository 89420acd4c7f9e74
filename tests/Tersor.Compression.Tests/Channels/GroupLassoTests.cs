using Tersor.Compression.Channels;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Channels;

public class GroupLassoTests
{
    /// <summary>The note on pruning, section 4: (0.3, -0.4) shrinks by 0.2 to (0.18, -0.24), and by 0.5 or more to nothing.</summary>
    [Theory]
    [InlineData(0.2, 0.18f, -0.24f)]
    [InlineData(0.5, 0f, 0f)]
    [InlineData(0.7, 0f, 0f)]
    public void The_proximal_step_shortens_a_group_by_the_threshold(double threshold, float first, float second)
    {
        SmallNetworks net = new(1, 2);
        string hidden = net.Node("hidden", "Gemm", [net.Input, net.Constant("w", [0.3f, -0.4f], 1, 2)], [1], new OnnxAttribute("transB", 1));
        GroupLasso lasso = new(ChannelGroups.Find(net.Build(net.Node("answer", "Gemm", [hidden, net.Constant("v", [1, 1], 1, 2)], [2]))), LassoGroups.Filters, 1 / Math.Sqrt(2));
        TrainedTensor w = new("w", new TensorShape(1, 2), [0.3f, -0.4f]);
        lasso.Attach([w, new TrainedTensor("v", new TensorShape(1, 2), [1, 1])]);
        lasso.Apply(threshold, progress: 1);
        Assert.Equal(first, w.Values[0], 1e-6f);
        Assert.Equal(second, w.Values[1], 1e-6f);
    }

    [Theory]
    [InlineData(LassoGroups.Filters, 4, 18)]
    [InlineData(LassoGroups.InputChannels, 2, 36)]
    [InlineData(LassoGroups.Shapes, 18, 4)]
    public void Groups_cover_a_convolution_once(LassoGroups kind, int count, int size)
    {
        SmallNetworks net = new(2, 2, 3, 3);
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Convolution("conv", net.Input, 4)));
        GroupLasso lasso = new(groups, kind, 1);
        TrainedTensor weight = new("conv.weight", new TensorShape(4, 2, 3, 3), [.. Enumerable.Repeat(1f, 72)]);
        lasso.Attach([weight]);
        lasso.Apply(0.25, progress: 1);

        // A group of n ones has the norm sqrt(n), so that every weight loses the rate.
        Assert.All(weight.Values, value => Assert.Equal(0.75f, value, 1e-6f));
        Assert.Equal(72, count * size);
        Assert.Equal(count, lasso.GroupCount);
    }

    [Fact]
    public void Training_makes_units_vanish_and_cutting_them_changes_nothing()
    {
        SampleSet digits = GeneratedDigits.Generate(512, seed: 3, isTest: false);
        NetworkBuilder net = new("small", 4, 1, 28, 28);
        string conv = net.Relu("relu1", net.BatchNormalization("bn", net.Convolution("conv", net.Input, 8, kernel: 5, stride: 2, bias: false)));
        string hidden = net.Relu("relu2", net.Dense("hidden", net.Flatten("flat", net.MaxPool("pool", conv, 2, 2)), 32));
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", hidden, 10)));
        ExecutableGraph graph = ExecutableGraph.Create(groups.Graph);
        using KernelThreads threads = new(2);
        TrainingOptions options = new() { Epochs = 8, Batch = 32, LearningRate = 0.02, Constraints = [new GroupLasso(groups, LassoGroups.Units, 0.04)] };
        new Trainer(graph, digits, null, Preprocessing.Default, options, threads).Run();
        OnnxGraph trained = graph.ToOnnx();
        ChannelSelection vanished = ChannelSelection.Vanished(ChannelGroups.Find(trained));
        Assert.InRange(vanished.Removed.Count, 4, 38);
        Runs.AssertClose(Runs.Answers(trained), Runs.Answers(ChannelPruner.Prune(vanished).Graph), 1e-4);
        Assert.True(new Evaluator(graph, digits.SampleShape, Preprocessing.Default, threads, 64).Run(digits).Top1 > 0.3);
    }

    [Fact]
    public void A_weight_that_is_not_trained_as_it_is_is_refused_by_name()
    {
        GroupLasso lasso = new(ChannelGroups.Find(SmallNetworks.ResidualExample()), LassoGroups.Units, 1);
        Assert.Contains("'conv1.weight'", Assert.Throws<ArgumentException>(() => lasso.Attach([])).Message, StringComparison.Ordinal);
    }
}
