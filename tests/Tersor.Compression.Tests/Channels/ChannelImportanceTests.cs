using Tersor.Compression.Channels;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Channels;

public class ChannelImportanceTests
{
    private static readonly Preprocessing Plain = Preprocessing.Default with { Scale = 1 };

    [Theory]
    [InlineData(ChannelNorm.L1, new[] { 0.7, 0.0, 1.4 })]
    [InlineData(ChannelNorm.L2, new[] { 0.5, 0.0, 1.0 })]
    public void Norms_are_means_over_the_slices_each_divided_by_the_layers_mean(ChannelNorm norm, double[] slices)
    {
        SmallNetworks net = new(1, 2);
        string hidden = net.Node("hidden", "Gemm", [net.Input, net.Constant("w", [0.3f, 0, 0.6f, -0.4f, 0, 0.8f], 2, 3), net.Constant("b", [9, 9, 9], 3)], [3]);
        string answer = net.Node("answer", "Gemm", [hidden, net.Constant("v", [3, 1, 2], 3, 1)], [1]);
        ChannelGroups groups = ChannelGroups.Find(net.Build(answer));
        ChannelScores scores = ChannelImportance.Norm(groups, norm);
        double mean = slices.Average();
        double[] reads = [3, 1, 2];
        for (int i = 0; i < 3; i++) Assert.Equal(((slices[i] / mean) + (reads[i] / 2)) / 2, scores[groups.Units[i]], 1e-6);
    }

    [Fact]
    public void Batch_norm_scales_are_averaged_over_what_a_sum_ties()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.ResidualExample());
        ChannelScores scores = ChannelImportance.BatchNormScale(groups);
        float[] first = groups.Graph.Initializers.Single(tensor => tensor.Name == "bn1.scale").ReadSingles();
        float[] second = groups.Graph.Initializers.Single(tensor => tensor.Name == "bn2.scale").ReadSingles();
        for (int i = 0; i < 4; i++) Assert.Equal((Math.Abs(first[i]) + Math.Abs(second[i])) / 2, scores[groups.Units[i]], 1e-6);
    }

    [Fact]
    public void Layers_without_batch_norm_are_kept_by_its_measure_with_a_warning()
    {
        SmallNetworks net = new(2, 3);
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", net.Dense("hidden", net.Input, 4), 2)));
        ChannelSelection selection = ChannelSelection.ByShare(ChannelImportance.BatchNormScale(groups), 0.5);
        Assert.Empty(selection.Removed);
        Assert.Equal("'hidden.weight' with 4 channels has no batch normalization; it is kept whole", selection.Warnings[0]);
    }

    [Fact]
    public void Gradient_times_weight_grows_with_the_square_of_what_a_neuron_gives()
    {
        SmallNetworks net = new(3, 2);
        string hidden = net.Node("hidden", "Gemm", [net.Input, net.Constant("w", [1, 0, 0, 2], 2, 2), net.Constant("b", [1, 1], 2)], [2]);
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Node("answer", "Gemm", [hidden, net.Constant("v", [0.5f, 3], 2, 1)], [1])));
        SampleSet samples = new("values", new TensorShape(2), [1, 1], new TensorShape(1), [0f]);
        using KernelThreads threads = new(1);
        ChannelScores scores = ChannelImportance.Taylor(groups, samples, Plain, threads);

        // Neurons of 2 and 3 enter the answer with 0.5 and 3; the loss is the square of their sum 10.
        Assert.Equal(81, scores[groups.Units[1]] / scores[groups.Units[0]], 1e-3);
        Assert.Equal(Math.Pow(20 * 1.0, 2), scores[groups.Units[0]], 1e-2);
    }

    /// <summary>The note on pruning, section 2: outputs 0 1 0 2 3 0 4 5 have an APoZ of 0.375.</summary>
    [Fact]
    public void Activity_is_the_share_of_outputs_that_are_not_zero()
    {
        SmallNetworks net = new(4, 1, 1, 4);
        string conv = net.Node("conv", "Conv", [net.Input, net.Constant("w", [1, -1], 2, 1, 1, 1)], [2, 1, 4]);
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", net.Flatten("flat", net.Unary("relu", "Relu", conv)), 2)));
        SampleSet samples = new("outputs", new TensorShape(1, 1, 4), [0, 1, 0, 2, 3, 0, 4, 5], new[] { 0, 1 });
        using KernelThreads threads = new(1);
        ChannelScores scores = ChannelImportance.Activity(groups, samples, Plain, threads);
        Assert.Equal(0.375, 1 - scores[groups.Units[0]]);
        Assert.Equal(0, scores[groups.Units[1]]);
    }

    [Fact]
    public void Norms_and_gradients_beat_chance_on_a_trained_network_and_the_least_active_matter_less_than_the_most()
    {
        using Model model = ModelFormats.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5-digits.onnx"));
        ChannelGroups groups = ChannelGroups.Find(OnnxGraph.FromModel(model));
        SampleSet train = GeneratedDigits.Generate(256, seed: 5, isTest: false);
        SampleSet test = GeneratedDigits.Generate(500, seed: 6, isTest: true);
        using KernelThreads threads = new(2);
        double chance = Enumerable.Range(0, 3).Max(seed => Accuracy(ChannelImportance.Random(groups, (ulong)seed)));
        Assert.True(Accuracy(ChannelImportance.Norm(groups)) > chance);
        Assert.True(Accuracy(ChannelImportance.Taylor(groups, train, Preprocessing.Default, threads)) > chance);
        ChannelScores activity = ChannelImportance.Activity(groups, train, Preprocessing.Default, threads);
        Assert.True(Accuracy(activity) > Accuracy(new ChannelScores(groups, [.. groups.Units.Select(unit => -activity[unit])])));

        double Accuracy(ChannelScores scores)
        {
            OnnxGraph pruned = ChannelPruner.Prune(ChannelSelection.ByShare(scores, 0.5)).Graph;
            return new Evaluator(ExecutableGraph.Create(pruned), test.SampleShape, Preprocessing.Default, threads, 100).Run(test).Top1;
        }
    }
}
