using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Graphs;

public sealed class TrainingFusionTests
{
    [Fact]
    public void Gradients_of_a_residual_network_are_those_of_its_operators_one_by_one()
    {
        OnnxGraph network = NetworkArchitectures.ResNetCifar(8, 1, 10);

        // An output is not taken over by another operator: all of them stay.
        string[] apart = [.. network.Nodes.Where(node => node.OperatorType is "BatchNormalization" or "Add").Select(node => node.Outputs[0])];
        Assert.True(apart.Length > 10);
        OnnxGraph open = new()
        {
            Source = network.Source,
            Name = network.Name,
            OperatorSets = network.OperatorSets,
            Nodes = network.Nodes,
            Inputs = network.Inputs,
            Outputs = [.. network.Outputs, .. apart.Select(name => network.Outputs[0] with { Name = name, Dimensions = null })],
            Initializers = network.Initializers,
        };
        Dictionary<string, float[]> expected = Gradients(open);
        Dictionary<string, float[]> actual = Gradients(network);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, float[] gradient) in expected)
        {
            double largest = gradient.Max(MathF.Abs);
            Assert.True(largest > 0, name);
            for (int i = 0; i < gradient.Length; i++) Assert.Equal(gradient[i], actual[name][i], 1e-4 * largest);
        }
    }

    private static Dictionary<string, float[]> Gradients(OnnxGraph network)
    {
        ExecutableGraph graph = ExecutableGraph.Create(network);
        using KernelThreads threads = new(2);
        TrainingPlan plan = graph.PlanTraining(4, threads);
        Seeded random = new(11);
        foreach (ref float value in plan.Input(0)) value = random.NextGaussian();
        plan.Forward(0);
        for (int i = 1; i < graph.Outputs.Count; i++) plan.OutputGradient(i).Clear();
        foreach (ref float value in plan.OutputGradient(0)) value = random.NextGaussian();
        plan.Backward();
        return graph.Parameters.Where(parameter => parameter.IsTrainable).ToDictionary(parameter => parameter.Name, parameter => parameter.Stored[0].Gradient.ToArray(), StringComparer.Ordinal);
    }
}
