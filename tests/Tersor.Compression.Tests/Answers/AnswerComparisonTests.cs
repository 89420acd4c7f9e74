using Tersor.Compression.Answers;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Models;

namespace Tersor.Compression.Tests.Answers;

public class AnswerComparisonTests
{
    private static readonly Preprocessing Plain = Preprocessing.Default with { Scale = 1 };

    [Fact]
    public void A_model_that_did_not_change_answers_as_before()
    {
        using KernelThreads threads = new(1);
        SampleSet digits = GeneratedDigits.Generate(50, seed: 2, isTest: true);
        AnswerChange change = new AnswerComparison(ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 1)), digits, Preprocessing.Default, threads, batch: 16).Compare();
        Assert.Equal(new AnswerChange(50, 0, 0, 50, 0, 0) with { Divergence = change.Divergence }, change);
        Assert.Equal(0, change.Divergence, 1e-9);
        Assert.Equal(0, change.StandardError);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Answers_that_change_sides_are_counted(bool endsInSoftmax)
    {
        // Two inputs are the two logits; swapping the rows of the weight swaps the answers.
        NetworkBuilder network = new("two", 1, 2);
        string dense = network.Dense("fc", network.Input, 2);
        ExecutableGraph graph = ExecutableGraph.Create(network.Build(endsInSoftmax ? network.Softmax("p", dense) : dense));
        GraphParameter weight = graph.FindParameter("fc.weight")!;
        new float[] { 1, 0, 0, 1 }.CopyTo(weight.Values, 0);
        SampleSet samples = new("four", new TensorShape(2), [1f, 0, 2, 0, 3, 0, 0, 1], [0, 0, 1, 1]);
        using KernelThreads threads = new(1);
        AnswerComparison answers = new(graph, samples, Plain, threads);

        new float[] { 0, 1, 1, 0 }.CopyTo(weight.Values, 0);
        AnswerChange change = answers.Compare();

        // Three were right and are wrong now, one the other way round.
        Assert.Equal((3, 1, 0), (change.Lost, change.Gained, change.Same));
        Assert.Equal(0.5, change.Top1Drop);
        Assert.Equal(Math.Sqrt(4 - 1) / 4, change.StandardError, 1e-12);

        // Of logits a and -a apart, KL(p, 1 - p) = a (2 p - 1).
        double expected = new[] { 1.0, 2, 3, 1 }.Average(a => a * ((2 / (1 + Math.Exp(-a))) - 1));
        Assert.Equal(expected, change.Divergence, 1e-5);
        if (!endsInSoftmax) Assert.Equal((1 + 4 + 9 + 1) / 4.0, change.Distance, 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(100_000_000)]
    public void What_is_kept_from_comparison_to_comparison_changes_none(long keptBytes)
    {
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create("lenet5", seed: 1));
        using KernelThreads threads = new(2);
        SampleSet digits = GeneratedDigits.Generate(50, seed: 2, isTest: true);
        AnswerComparison plain = new(graph, digits, Preprocessing.Default, threads, batch: 16);
        AnswerComparison keeping = new(graph, digits, Preprocessing.Default, threads, batch: 16, keptBytes);
        foreach (string name in new[] { "fc2.weight", "fc2.weight", "fc2.bias", "conv1.weight", "fc1.weight", "fc1.weight", "conv2.bias" })
        {
            graph.FindParameter(name)!.Values[0] += 1;
            Assert.Equal(plain.Compare(), keeping.Compare());
        }
    }
}
