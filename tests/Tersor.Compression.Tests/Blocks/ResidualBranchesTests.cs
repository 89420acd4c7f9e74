using Tersor.Compression.Blocks;
using Tersor.Compression.Tests.Channels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Blocks;

public class ResidualBranchesTests
{
    [Fact]
    public void The_branch_of_a_block_is_what_nothing_but_the_sum_needs()
    {
        ResidualBranch branch = Assert.Single(ResidualBranches.Find(SmallNetworks.ResidualExample()));

        Assert.Equal(("sum", "relu"), (branch.Sum, branch.Shortcut));
        Assert.Equal(["conv2.weight"], branch.Weights);
    }

    [Fact]
    public void Without_a_branch_a_network_answers_as_with_one_that_gives_zeros()
    {
        OnnxGraph graph = SmallNetworks.ResidualExample();
        OnnxGraph zeros = graph.WithInitializers(new[] { "bn2.scale", "bn2.shift" }.ToDictionary(name => name, name => new Tensor(name, new TensorShape(4), new float[4]), StringComparer.Ordinal));

        OnnxGraph cut = ResidualBranches.Cut(graph, ResidualBranches.Find(graph)[0]);

        Runs.AssertClose(Runs.Answers(zeros), Runs.Answers(cut), 1e-6);
        Assert.DoesNotContain(cut.Nodes, node => node.OperatorType == "Add");
        Assert.DoesNotContain(cut.Initializers, tensor => tensor.Name.StartsWith("bn2", StringComparison.Ordinal) || tensor.Name.StartsWith("conv2", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_random_networks_every_branch_leaves_its_shortcut()
    {
        int branches = 0;
        for (ulong seed = 0; seed < 60; seed++)
        {
            OnnxGraph graph = SmallNetworks.Random(seed);
            foreach (ResidualBranch branch in ResidualBranches.Find(graph))
            {
                branches++;
                OnnxGraph passed = Replaced(graph, branch.Sum, new OnnxNode("Identity", [branch.Shortcut], [branch.Sum], []));
                Runs.AssertClose(Runs.Answers(passed), Runs.Answers(ResidualBranches.Cut(graph, branch)), 1e-6, $"seed {seed}, {branch}");
            }
        }

        Assert.InRange(branches, 10, int.MaxValue);
    }

    [Fact]
    public void The_side_with_more_weights_goes_and_what_others_read_stays()
    {
        SmallNetworks net = new(3, 4, 6, 6);
        string stem = net.Unary("stem", "Relu", net.Convolution("conv0", net.Input, 8));
        string inner = net.Unary("inner", "Relu", net.Convolution("conv1", stem, 8));
        string sum = net.Binary("sum", "Add", net.Convolution("projection", stem, 8, kernel: 1, padding: 0), net.Convolution("conv2", inner, 8));
        string rectified = net.Unary("again", "Relu", net.Binary("biased", "Add", sum, net.Constant("bias", 8, 1, 1)));
        OnnxGraph graph = net.Build(net.Dense("fc", net.Flatten("flat", net.Binary("late", "Mul", rectified, inner)), 3));

        ResidualBranch branch = Assert.Single(ResidualBranches.Find(graph));
        OnnxGraph cut = ResidualBranches.Cut(graph, branch);

        Assert.Equal(["conv2.weight"], branch.Weights);
        Assert.Contains(cut.Initializers, tensor => tensor.Name == "conv1.weight");
        Assert.Contains(cut.Initializers, tensor => tensor.Name == "projection.weight");
    }

    [Fact]
    public void What_is_rectified_already_is_not_rectified_again()
    {
        SmallNetworks net = new(4, 4, 6, 6);
        string x = net.Unary("relu0", "Relu", net.Convolution("conv0", net.Input, 8));
        for (int block = 1; block <= 3; block++) x = net.Unary($"relu{block}", "Relu", net.Binary($"sum{block}", "Add", net.Convolution($"conv{block}", x, 8), x));
        OnnxGraph graph = net.Build(net.Dense("fc", net.Flatten("flat", x), 3));
        foreach (int left in new[] { 3, 2, 1 })
        {
            Assert.Equal(left, ResidualBranches.Find(graph).Count);
            graph = ResidualBranches.Cut(graph, ResidualBranches.Find(graph)[left / 2]);
        }

        Assert.Equal(["Conv", "Relu", "Flatten", "Gemm"], graph.Nodes.Select(node => node.OperatorType));
    }

    [Fact]
    public void A_sum_that_is_an_output_keeps_its_name()
    {
        SmallNetworks net = new(5, 4, 6, 6);
        string x = net.Convolution("conv0", net.Input, 8);
        OnnxGraph graph = net.Build(net.Binary("sum", "Add", x, net.Convolution("conv1", x, 8)));

        OnnxGraph cut = ResidualBranches.Cut(graph, Assert.Single(ResidualBranches.Find(graph)));

        Assert.Equal("sum", Assert.Single(cut.Outputs).Name);
        Assert.Equal(["Conv", "Identity"], cut.Nodes.Select(node => node.OperatorType));
        Assert.Throws<ArgumentException>(() => ResidualBranches.Cut(cut, new ResidualBranch("sum", "nothing", [])));
    }

    private static OnnxGraph Replaced(OnnxGraph graph, string output, OnnxNode node) => new()
    {
        OperatorSets = graph.OperatorSets,
        IrVersion = graph.IrVersion,
        Nodes = [.. graph.Nodes.Select(old => old.Outputs[0] == output ? node : old)],
        Inputs = graph.Inputs,
        Outputs = graph.Outputs,
        Initializers = graph.Initializers,
    };
}
