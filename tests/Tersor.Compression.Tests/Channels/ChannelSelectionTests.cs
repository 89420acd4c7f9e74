using System.Text.RegularExpressions;
using Tersor.Compression.Channels;
using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Channels;

public class ChannelSelectionTests
{
    [Fact]
    public void Equal_scores_go_by_index()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.ResidualExample());
        ChannelScores scores = new(groups, new double[4]);
        Assert.Equal(groups.Units.Take(2), ChannelSelection.ByShare(scores, 0.5).Removed);
        Assert.Equal(groups.Units.Take(2), ChannelSelection.Globally(scores, 0.5).Removed);
    }

    [Fact]
    public void A_score_that_is_no_number_keeps_its_channel_with_a_warning()
    {
        ChannelGroups groups = ChannelGroups.Find(SmallNetworks.ResidualExample());
        ChannelSelection selection = ChannelSelection.ByShare(new ChannelScores(groups, [double.NaN, 3, 2, 1]), 0.75);
        Assert.Equal([groups.Units[1], groups.Units[2], groups.Units[3]], selection.Removed);
        Assert.Equal("the score of channel 0 of 'conv1.weight' is not a number; it is kept", Assert.Single(selection.Warnings));
    }

    [Fact]
    public void A_global_share_takes_the_least_wherever_they_are_and_leaves_every_layer_one()
    {
        ChannelGroups groups = TwoLayers();
        ChannelScores scores = new(groups, [1, 2, 3, 4, 10, 11, 12, 13]);
        Assert.Equal(groups.Units.Take(3), ChannelSelection.Globally(scores, 0.375).Removed);
        ChannelSelection most = ChannelSelection.Globally(scores, 0.95);
        Assert.Equal([0, 1, 2, 4, 5, 6], most.Removed.Select(unit => unit.Number));
        Assert.Equal("7 of 8 channels were to go, 6 can: layers keep their least", Assert.Single(most.Warnings));
    }

    [Fact]
    public void Held_layers_and_least_shares_keep_their_channels()
    {
        ChannelScores scores = ChannelImportance.Norm(TwoLayers());
        ChannelSelection held = ChannelSelection.ByShare(scores, 0.5, new ChannelSelectionOptions { Held = [new Regex("^first", RegexOptions.NonBacktracking)] });
        Assert.Equal("second.weight", Assert.Single(held.Removed.Select(unit => unit.Set.Name).Distinct()));
        Assert.Equal(2, ChannelSelection.ByShare(scores, 0.9, new ChannelSelectionOptions { LeastShareKept = 0.7 }).Removed.Count);
    }

    /// <summary>The note on pruning, section 2: neurons go whose share of zeros is above the layer's mean by more than a deviation (Hu et al. 2016).</summary>
    [Fact]
    public void Channels_below_their_layers_mean_by_a_deviation_go()
    {
        ChannelGroups groups = TwoLayers();

        // Shares of zeros of the first layer: 0.9, 0.2, 0.3, 0.2 with mean 0.4 and deviation 0.29; those of the second are alike.
        ChannelScores activity = new(groups, [0.1, 0.8, 0.7, 0.8, 0.5, 0.5, 0.5, 0.5]);
        Assert.Equal([groups.Units[0]], ChannelSelection.BelowMean(activity, 1).Removed);
        ChannelSelection none = ChannelSelection.BelowMean(activity, 1.8);
        Assert.Empty(none.Removed);
        Assert.Equal("no layer loses channels: no score is below its layer's mean by 1.8 deviations, or too few are", Assert.Single(none.Warnings));
        Assert.Empty(ChannelSelection.BelowMean(activity, 1, new ChannelSelectionOptions { MultipleKept = 4 }).Removed);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(64)]
    public void Layers_that_lose_channels_keep_a_multiple(int multiple)
    {
        SmallNetworks net = new(15, 5);
        string hidden = net.Unary("relu", "Relu", net.Dense("second", net.Unary("tanh", "Tanh", net.Dense("first", net.Input, 50)), 32));
        ChannelGroups groups = ChannelGroups.Find(net.Build(net.Dense("answer", hidden, 2)));
        ChannelScores scores = ChannelImportance.Norm(groups);
        ChannelSelectionOptions options = new() { MultipleKept = multiple };
        ChannelSelection[] selections =
        [
            ChannelSelection.ByShare(scores, 0.4, options), ChannelSelection.Globally(scores, 0.4, options), ChannelSelection.ToMultiplyAdds(scores, multiple == 64 ? 1 : 0.6, options),
        ];
        foreach (ChannelSelection selection in selections)
        {
            foreach (ChannelSet set in groups.Sets)
            {
                int kept = set.Units.Count - selection.Removed.Count(unit => unit.Set == set);
                Assert.True(kept == set.Units.Count || (kept > 0 && kept % multiple == 0), $"{kept} of {set}");
            }
        }

        Assert.Equal(multiple == 64, selections[0].Warnings.Contains("no layer loses channels: a share of 0.4 of each is less than what can go"));
        Assert.Equal(multiple == 64, selections[2].Removed.Count == 0);
    }

    [Fact]
    public void A_target_of_multiply_adds_is_met_and_not_by_much_more()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            ChannelGroups groups = ChannelGroups.Find(SmallNetworks.Random(seed));
            ChannelPruningReport report = ChannelPruner.Prune(ChannelSelection.ToMultiplyAdds(ChannelImportance.Norm(groups), 0.7)).Report;
            Assert.InRange((double)report.MultiplyAddsAfter / report.MultiplyAddsBefore, 0.3, 0.7);
        }
    }

    [Fact]
    public void Multiply_adds_are_counted_as_the_engine_counts_them()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            ChannelGroups groups = ChannelGroups.Find(SmallNetworks.Random(seed));
            ChannelSelection selection = ChannelSelection.ByShare(ChannelImportance.Random(groups, seed), 0.5);
            MultiplyAddCount count = new(groups);
            Assert.Equal(LayerCost.Measure(groups.Graph).Sum(layer => layer.MultiplyAdds), count.Total);
            foreach (ChannelUnit unit in selection.Removed) count.Remove([unit]);
            Assert.Equal(ChannelPruner.Prune(selection).Report.MultiplyAddsAfter, count.Total);
        }
    }

    [Fact]
    public void Units_whose_weights_have_vanished_are_found_and_one_stays_of_a_layer_of_zeros()
    {
        OnnxGraph graph = SmallNetworks.ResidualExample();
        ChannelGroups groups = ChannelGroups.Find(graph);
        Assert.Empty(ChannelSelection.Vanished(groups).Removed);
        Dictionary<string, Tensor> zeros = graph.Initializers.Where(tensor => tensor.Shape.Rank > 1)
            .ToDictionary(tensor => tensor.Name, tensor => new Tensor(tensor.Name, tensor.Shape, new float[tensor.ElementCount]), StringComparer.Ordinal);
        Assert.Equal([0, 1, 2], ChannelSelection.Vanished(ChannelGroups.Find(graph.WithInitializers(zeros))).Removed.Select(unit => unit.Number));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Neurons_that_nothing_makes_or_nothing_reads_have_vanished(int outputAxis)
    {
        SmallNetworks net = new(13, 3);
        float[] gap = [1, 0, 2, 3, 0, 4];
        string first = outputAxis == 0 ? net.Constant("first", 2, 3) : net.Constant("first", gap, 2, 3);
        string second = outputAxis == 0 ? net.Constant("second", [1, 2, 0, 0, 3, 4], 3, 2) : net.Constant("second", 3, 2);
        string input = net.Node("narrow", "Slice", [net.Input, net.Integers("starts", 0L), net.Integers("ends", 2), net.Integers("axes", 1)], [2]);
        OnnxGraph graph = net.Build(net.Node("answer", "MatMul", [net.Node("hidden", "MatMul", [input, first], [3]), second], [2]));
        ChannelGroups groups = ChannelGroups.Find(graph);
        ChannelSelection vanished = ChannelSelection.Vanished(groups);
        Assert.Equal([groups.Units[1]], vanished.Removed);
        Runs.AssertClose(Runs.Answers(graph), Runs.Answers(ChannelPruner.Prune(vanished).Graph), 1e-6);
    }

    [Fact]
    public void A_network_without_a_layer_that_could_lose_channels_is_refused_with_the_reason()
    {
        SmallNetworks net = new(14, 3);
        ChannelScores scores = ChannelImportance.Norm(ChannelGroups.Find(net.Build(net.Unary("answer", "Softmax", net.Dense("only", net.Input, 4)))));
        string refusal = Assert.Throws<ChannelPruningException>(() => ChannelSelection.ByShare(scores, 0.5)).Message;
        Assert.Equal("network: no layer can lose channels; those of 'only.weight' must stay: Softmax 'answer' mixes them", refusal);
        string held = Assert.Throws<ChannelPruningException>(
            () => ChannelSelection.ByShare(ChannelImportance.Norm(TwoLayers()), 0.5, new ChannelSelectionOptions { Held = [new Regex("first|second", RegexOptions.NonBacktracking)] })).Message;
        Assert.Equal("network: every layer that could lose channels is held", held);
    }

    private static ChannelGroups TwoLayers()
    {
        SmallNetworks net = new(12, 5);
        string hidden = net.Unary("relu", "Relu", net.Dense("second", net.Unary("tanh", "Tanh", net.Dense("first", net.Input, 4)), 4));
        return ChannelGroups.Find(net.Build(net.Dense("answer", hidden, 2)));
    }
}
