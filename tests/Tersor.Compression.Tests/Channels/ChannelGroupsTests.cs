using Tersor.Compression.Channels;
using Tersor.Engine.Graphs;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Channels;

public class ChannelGroupsTests
{
    /// <summary>The note on pruning, section 7: unit 1 of the worked example.</summary>
    [Fact]
    public void A_residual_block_ties_both_convolutions_and_what_reads_their_sum()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.ResidualExample());
        ChannelSet set = Assert.Single(groups.Sets);
        Assert.Equal("conv1.weight", set.Name);
        Assert.Equal(["conv1.weight", "conv2.weight"], set.Weights);
        Assert.Equal(4, set.Units.Count);
        string[] expected =
        [
            "bn1.mean 0 1", "bn1.scale 0 1", "bn1.shift 0 1", "bn1.var 0 1", "bn2.mean 0 1", "bn2.scale 0 1", "bn2.shift 0 1", "bn2.var 0 1",
            "conv1.weight 0 1", "conv2.weight 0 1", "conv2.weight 1 1", "fc.weight 1 4", "fc.weight 1 5", "fc.weight 1 6", "fc.weight 1 7",
        ];
        Assert.Equal(expected, set.Units[1].Records.Select(record => $"{record.Parameter} {record.Axis} {record.Index}"));
        Assert.Equal("channel 1 of 'conv1.weight'", set.Units[1].ToString());
    }

    [Fact]
    public void The_networks_answers_stay_and_say_so()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.ResidualExample());
        Assert.Contains("graph's output 'fc'", groups.ReasonToStay("fc.weight"), StringComparison.Ordinal);
        Assert.Null(groups.ReasonToStay("conv2.weight"));
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LayerNormalization")]
    [InlineData("GroupNormalization")]
    [InlineData("Tile")]
    public void What_mixes_channels_keeps_them(string operatorType)
    {
        SmallNetworks net = new(2, 6);
        string hidden = net.Dense("hidden", net.Input, 4);
        string mixed = operatorType switch
        {
            "LayerNormalization" => net.Node("mixed", operatorType, [hidden, net.Constant("scale", 4)], [4]),
            "GroupNormalization" => net.Node(
                "mixed", operatorType, [net.Node("wide", "Reshape", [hidden, net.Integers("sizes", 0, 4, 1, 1)], [4, 1, 1]), net.Constant("scale", 2), net.Constant("shift", 2)], [4, 1, 1],
                new OnnxAttribute("num_groups", 2)),
            "Tile" => net.Node("mixed", operatorType, [hidden, net.Integers("repeats", 1, 2)], [8]),
            _ => net.Unary("mixed", operatorType, hidden),
        };
        ChannelGroups groups = ChannelGroups.Find(WithOperatorSet(net.Build(net.Dense("answer", net.Flatten("flat", mixed), 3)), 18));
        Assert.Empty(groups.Sets);
        Assert.Contains("'mixed'", groups.ReasonToStay("hidden.weight"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_that_two_layers_share_loses_one_channel_in_both()
    {
        SmallNetworks net = new(3, 4, 5, 5);
        string shared = net.Constant("shared", 4, 4, 1, 1);
        string first = net.Convolution("first", net.Input, 4);
        string second = net.Convolution("second", first, 4, kernel: 1, padding: 0, bias: false, weight: shared);
        string third = net.Convolution("third", net.Unary("relu", "Relu", second), 4, kernel: 1, padding: 0, bias: false, weight: shared);
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", net.Flatten("flat", third), 2)));
        ChannelSet set = Assert.Single(groups.Sets);
        Assert.Equal(["first.weight", "shared"], set.Weights);
        Assert.Equal(2, set.Units[2].Records.Count(record => record is { Parameter: "shared", Index: 2 }));
    }

    [Fact]
    public void A_weight_that_the_answer_shares_stays()
    {
        SmallNetworks net = new(3, 4);
        string shared = net.Constant("shared", 4, 4);
        string hidden = net.Node("hidden", "MatMul", [net.Input, shared], [4]);
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Node("answer", "MatMul", [net.Unary("relu", "Relu", hidden), shared], [4])));
        Assert.Empty(groups.Sets);
    }

    [Fact]
    public void Groups_of_a_convolution_lose_the_same_places()
    {
        SmallNetworks net = new(4, 3, 5, 5);
        string grouped = net.Convolution("grouped", net.Convolution("before", net.Input, 6), 4, groups: 2);
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", net.Flatten("flat", grouped), 2)));
        Assert.Equal([("before.weight", 3), ("grouped.weight", 2)], groups.Sets.Select(set => (set.Name, set.Units.Count)));
        Assert.Equal([1, 4], groups.Sets[0].Units[1].Records.Where(record => record.Parameter == "before.weight").Select(record => record.Index));
        Assert.Equal([0, 2], groups.Sets[1].Units[0].Records.Where(record => record.Parameter == "grouped.weight" && record.Axis == 0).Select(record => record.Index));
    }

    [Fact]
    public void A_shortcut_padded_with_zeros_ties_only_what_it_carries()
    {
        SmallNetworks net = new(6, 3, 4, 4);
        string x = net.Convolution("first", net.Input, 4);
        string wide = net.Node("wide", "Pad", [x, net.Integers("pads", 0, 1, 0, 0, 0, 2, 0, 0)], [7, 4, 4]);
        string sum = net.Binary("sum", "Add", wide, net.Convolution("second", x, 7));
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", net.Flatten("flat", sum), 2)));
        Assert.Equal([("first.weight", 4), ("second.weight", 3)], groups.Sets.Select(set => (set.Name, set.Units.Count)));
        Assert.Equal([0, 5, 6], groups.Sets[1].Units.Select(unit => unit.Records.Single(record => record is { Parameter: "second.weight", Axis: 0 }).Index));
        OnnxGraph pruned = ChannelPruner.Prune(groups, [groups.Sets[0].Units[1], groups.Sets[1].Units[0], groups.Sets[1].Units[2]]).Graph;
        Assert.Equal("0 0 0 0 0 1 0 0", string.Join(' ', InferredValues.Of(pruned).ConstantOf("wide/pads")!.Integers));
    }

    [Fact]
    public void Channels_whose_number_is_computed_with_stay()
    {
        SmallNetworks net = new(5, 3, 4, 4);
        string hidden = net.Convolution("hidden", net.Input, 4);
        string sizes = net.Node("shape", "Shape", [hidden], [4]);
        string count = net.Node("count", "Gather", [sizes, net.Integers("one", 1)], [1]);
        string divisor = net.Node("divisor", "Cast", [count], [1], new OnnxAttribute("to", 1));
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", net.Flatten("flat", net.Binary("scaled", "Div", hidden, divisor)), 2)));
        Assert.Empty(groups.Sets);
    }

    private static OnnxGraph WithOperatorSet(OnnxGraph graph, long version) => new()
    {
        Name = graph.Name,
        OperatorSets = [new OnnxOperatorSet("", version)],
        Nodes = graph.Nodes,
        Inputs = graph.Inputs,
        Outputs = graph.Outputs,
        Initializers = graph.Initializers,
    };
}
