using System.Text.RegularExpressions;
using Tersor.Compression.Channels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Channels;

public class ChannelPrunerTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Collected =>
    [
        "lenet-300-100", "lenet5", "resnet20", "resnet56", "resnet8-mlperf-tiny", "mobilenet-v1-0.25-vww", "ds-cnn-kws", "squeezenet-v1.0-deep-compressed",
    ];

    /// <summary>The note on pruning, section 7: 27 + 4 + 36 + 36 - 9 + 4 + 12 parameters go.</summary>
    [Fact]
    public void The_worked_example_loses_110_parameters()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.ResidualExample());
        ChannelUnit[] removed = [groups.Units[1]];
        PrunedNetwork pruned = ChannelPruner.Prune(groups, removed);
        Assert.Equal(110, pruned.Report.ParametersBefore - pruned.Report.ParametersAfter);
        Assert.Equal(["conv1.weight 4 3", "conv2.weight 4 3", "fc.weight 3 3"], pruned.Report.Layers.Select(layer => $"{layer.Weight} {layer.ChannelsBefore} {layer.ChannelsAfter}"));
        Assert.Equal(["3x3x3x3", "3x3x3x3", "3x12"], pruned.Graph.Initializers.Where(tensor => tensor.Shape.Rank > 1).Select(tensor => tensor.Shape.ToString()));
        Runs.AssertClose(Runs.Answers(Runs.Masked(groups, removed)), Runs.Answers(pruned.Graph), Tolerance);
    }

    [Fact]
    public void A_smaller_network_computes_what_the_masked_one_does()
    {
        for (ulong seed = 1; seed <= 150; seed++)
        {
            ChannelGroups groups = ChannelGroups.Find(SmallNetworks.Random(seed));
            ChannelSelection selection = ChannelSelection.ByShare(ChannelImportance.Random(groups, seed), 0.2 + (0.1 * (seed % 8)));
            PrunedNetwork pruned = ChannelPruner.Prune(selection);
            float[] masked = Runs.Answers(Runs.Masked(groups, selection.Removed));
            Runs.AssertClose(masked, Runs.Answers(pruned.Graph), Tolerance, $"seed {seed}");
            Assert.True(selection.Removed.Count > 0, $"seed {seed}: nothing to remove");
            Assert.True(pruned.Report.ParametersAfter < pruned.Report.ParametersBefore, $"seed {seed}: {pruned.Report.ParametersAfter} parameters");
        }
    }

    [Fact]
    public void A_smaller_network_is_read_back_from_its_file()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.Random(7));
        OnnxGraph pruned = ChannelPruner.Prune(ChannelSelection.ByShare(ChannelImportance.Norm(groups), 0.5)).Graph;
        using MemoryStream file = new();
        pruned.WriteTo(file);
        Assert.Equal(Runs.Answers(pruned), Runs.Answers(OnnxGraph.Read(ByteSource.FromMemory(file.ToArray(), "file"))));
    }

    [Fact]
    public void Sizes_that_a_file_states_are_stated_anew()
    {
        SmallNetworks net = new(8, 4, 6, 6);
        string hidden = net.Convolution("hidden", net.Input, 8);
        string cut = net.Node("cut", "Slice", [hidden, net.Integers("starts", 2), net.Integers("ends", long.MaxValue), net.Integers("axes", 1)], [6, 6, 6]);
        string larger = net.Node("larger", "Resize", [cut, "", "", net.Integers("sizes", 1, 6, 12, 12)], [6, 12, 12], new("mode", "nearest"), new("coordinate_transformation_mode", "asymmetric"), new("nearest_mode", "floor"));
        string flat = net.Node("flat", "Reshape", [larger, net.Integers("flat.sizes", 1, 6 * 144)], [6 * 144]);
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", flat, 3)));
        ChannelUnit[] removed = [.. groups.Sets.Where(set => set.Units.Count > 2).SelectMany(set => set.Units.Take(2))];
        Assert.NotEmpty(removed);
        OnnxGraph pruned = ChannelPruner.Prune(groups, removed).Graph;
        Runs.AssertClose(Runs.Answers(Runs.Masked(groups, removed), batch: 1), Runs.Answers(pruned, batch: 1), Tolerance);
        Assert.DoesNotContain(pruned.Initializers, tensor => tensor.Name is "flat.sizes" or "sizes" or "starts");
    }

    [Fact]
    public void Initializers_that_old_files_list_as_inputs_are_listed_with_their_new_shapes()
    {
        SmallNetworks net = new(16, 2, 4, 4);
        string flat = net.Node("flat", "Reshape", [net.Convolution("hidden", net.Input, 4), net.Integers("sizes", -1, 64)], [64]);
        OnnxGraph graph = net.Build(net.Dense("answer", flat, 3));
        OnnxGraph old = new()
        {
            IrVersion = 3,
            OperatorSets = graph.OperatorSets,
            Nodes = graph.Nodes,
            Inputs = [.. graph.Inputs, .. graph.Initializers.Select(tensor => new OnnxGraphValue(tensor.Name, tensor.ElementType, [.. tensor.Shape.Dimensions.ToArray().Select(size => new OnnxDimension(size))]))],
            Outputs = graph.Outputs,
            Initializers = graph.Initializers,
        };
        ChannelGroups groups = ChannelGroups.Find(old);
        OnnxGraph pruned = ChannelPruner.Prune(groups, [groups.Units[0]]).Graph;
        Assert.Equal(4, pruned.IrVersion);
        string[] expected = ["input float32 Nx2x4x4", "hidden.weight float32 3x2x3x3", "hidden.bias float32 3", "answer.weight float32 3x48", "answer.bias float32 3"];
        Assert.Equal(expected, pruned.Inputs.Select(input => input.ToString()));
        Runs.AssertClose(Runs.Answers(Runs.Masked(groups, [groups.Units[0]])), Runs.Answers(pruned), Tolerance);
    }

    [Fact]
    public void A_reshape_to_computed_sizes_keeps_the_batch_open()
    {
        SmallNetworks net = new(9, 2, 4, 4);
        string hidden = net.Unary("relu", "Relu", net.Convolution("hidden", net.Input, 4));
        string batch = net.Node("batch", "Gather", [net.Node("shape", "Shape", [hidden], [4]), net.Integers("zero", 0L)], [1]);
        string sizes = net.Node("sizes", "Concat", [batch, net.Integers("rest", 4 * 16)], [2], new OnnxAttribute("axis", 0));
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", net.Node("flat", "Reshape", [hidden, sizes], [64]), 3)));
        ChannelUnit[] removed = [groups.Units[2]];
        OnnxGraph pruned = ChannelPruner.Prune(groups, removed).Graph;
        Runs.AssertClose(Runs.Answers(Runs.Masked(groups, removed), batch: 3), Runs.Answers(pruned, batch: 3), Tolerance);
        Assert.DoesNotContain(pruned.Nodes, node => node.OperatorType is "Shape" or "Concat");
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 1, 0)]
    public void A_constant_channel_moves_into_the_next_bias_where_that_is_exact(int padding, int secondPadding, int compensated)
    {
        SmallNetworks net = new(10, 3, 6, 6);
        float[] scale = [0.5f, 0, 1, -1];
        string conv = net.Convolution("conv", net.Input, 4, bias: false, padding: padding);
        string[] norm = [conv, net.Constant("scale", scale, 4), net.Constant("shift", [1, 0.75f, 2, 3], 4), net.Constant("mean", 4), net.Constant("var", [1, 1, 2, 2], 4)];
        string hidden = net.Unary("relu", "Relu", net.Node("norm", "BatchNormalization", norm, net.ShapeOf(conv)));
        string next = net.Convolution("next", hidden, 5, padding: secondPadding, bias: false);
        OnnxGraph graph = net.Build(net.Dense("answer", net.Flatten("flat", next), 3));
        ChannelGroups groups = ChannelGroups.Find(graph);
        PrunedNetwork pruned = ChannelPruner.Prune(groups, [groups.Sets[0].Units[1]]);
        Assert.Equal(compensated, pruned.Report.CompensatedChannels);
        OnnxGraph expected = compensated > 0 ? graph : Runs.Masked(groups, [groups.Sets[0].Units[1]]);
        Runs.AssertClose(Runs.Answers(expected), Runs.Answers(pruned.Graph), Tolerance);
    }

    [Fact]
    public void A_constant_neuron_moves_into_the_bias_of_the_next_product()
    {
        SmallNetworks net = new(11, 3);
        string hidden = net.Node("hidden", "Gemm", [net.Input, net.Constant("weight", [1, 0, 2, 3, 0, 1, 2, 0, 4], 3, 3), net.Constant("bias", [1, 2, 3], 3)], [3]);
        OnnxGraph graph = net.Build(net.Dense("answer", net.Unary("relu", "Relu", hidden), 2));
        ChannelGroups groups = ChannelGroups.Find(graph);
        PrunedNetwork pruned = ChannelPruner.Prune(groups, [groups.Units[1]]);
        Assert.Equal(1, pruned.Report.CompensatedChannels);
        Runs.AssertClose(Runs.Answers(graph), Runs.Answers(pruned.Graph), Tolerance);
    }

    [Fact]
    public void A_layer_left_without_channels_is_refused_by_name()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.ResidualExample());
        Assert.Contains("'conv1.weight' with 4 channels would be left without any", Refusal(() => ChannelPruner.Prune(groups, groups.Units)), StringComparison.Ordinal);
        Assert.Contains("would leave 'conv1.weight' without channels", Refusal(() => ChannelSelection.ByShare(ChannelImportance.Norm(groups), 1)), StringComparison.Ordinal);
        Assert.Contains("would leave 'conv1.weight' without channels", Refusal(() => ChannelSelection.Globally(ChannelImportance.Norm(groups), 1.5)), StringComparison.Ordinal);
        Assert.Contains("out of reach, ask for 0.", Refusal(() => ChannelSelection.ToMultiplyAdds(ChannelImportance.Norm(groups), 0.001)), StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_that_must_stay_or_are_not_there_are_refused_by_name()
    {
        ChannelScores scores = ChannelImportance.Norm(ChannelGroups.Find(SmallNetworks.ResidualExample()));
        string answer = Refusal(() => ChannelSelection.ByShare(scores, 0.5, new ChannelSelectionOptions { Only = [new Regex("^fc", RegexOptions.NonBacktracking)] }));
        Assert.Contains("'fc.weight' must stay: they are the graph's output 'fc'", answer, StringComparison.Ordinal);
        string typo = Refusal(() => ChannelSelection.ByShare(scores, 0.5, new ChannelSelectionOptions { Held = [new Regex("conf1", RegexOptions.NonBacktracking)] }));
        Assert.Contains("'conf1' matches no layer; the layers are conv1.weight, conv2.weight, fc.weight", typo, StringComparison.Ordinal);
    }

    [Fact]
    public void Units_of_another_network_are_refused()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.ResidualExample());
        ChannelGroups others = ChannelGroups.Find(SmallNetworks.ResidualExample());
        Assert.Throws<ArgumentException>(() => ChannelPruner.Prune(groups, [others.Units[0]]));
    }

    [SkippableTheory]
    [MemberData(nameof(Collected))]
    public void Collected_networks_lose_a_third_of_their_channels_and_run(string name)
    {
        using Model model = ModelFormats.Open(SharedAssets.Require($"models/{name}.onnx"));
        ChannelGroups groups = ChannelGroups.Find(OnnxGraph.FromModel(model));
        ChannelSelection selection = ChannelSelection.ByShare(ChannelImportance.Norm(groups), 0.3);
        PrunedNetwork pruned = ChannelPruner.Prune(selection);
        Assert.True(pruned.Report.MultiplyAddsAfter < 0.8 * pruned.Report.MultiplyAddsBefore, $"{pruned.Report.MultiplyAddsAfter} of {pruned.Report.MultiplyAddsBefore} multiply-adds");
        Runs.AssertClose(Runs.Answers(Runs.Masked(groups, selection.Removed), batch: 1), Runs.Answers(pruned.Graph, batch: 1), Tolerance, name);
    }

    private static string Refusal(Action action) => Assert.Throws<ChannelPruningException>(action).Message;
}
