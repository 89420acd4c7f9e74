using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Tests.Operators;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Graphs;

/// <summary>Damaged models end in documented errors, whatever the damage: reading, checking, planning and running.</summary>
public class HostileGraphTests
{
    public static TheoryData<string> Names => [.. OperatorCases.Differentiable.Keys, .. OperatorCases.ForwardOnly.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_damaged_operator_is_run_or_refused(string name)
    {
        OperatorCase operatorCase = OperatorCases.Differentiable.GetValueOrDefault(name) ?? OperatorCases.ForwardOnly[name];
        foreach (byte[] damaged in Mutations.Random(Bytes(operatorCase.Graph()), seed: 11, count: 40)) Run(damaged, trains: true);
    }

    [Fact]
    public void A_damaged_network_is_run_or_refused()
    {
        NetworkBuilder net = new("small", 1, 2, 8, 8);
        string x = net.Relu("relu", net.BatchNormalization("bn", net.Convolution("conv", net.Input, 3, 3, padding: 1)));
        x = net.Sum("sum", x, net.Convolution("conv2", x, 3, 1));
        byte[] valid = Bytes(net.Build(net.Dense("fc", net.Flatten("flatten", net.MaxPool("pool", x, 2, 2)), 4)));
        foreach (byte[] damaged in Mutations.Random(valid, seed: 12, count: 200)) Run(damaged, trains: true);
    }

    private static void Run(byte[] bytes, bool trains)
    {
        try
        {
            OnnxGraph onnx = OnnxGraph.Read(ByteSource.FromMemory(bytes));
            ExecutableGraph graph = ExecutableGraph.Create(onnx);
            using KernelThreads threads = new(1);
            InferencePlan plan = graph.PlanInference(1, threads);
            if (plan.MemoryBytes > 1 << 26 || plan.Layers.Sum(layer => layer.MultiplyAdds) > 1 << 26) return;
            plan.Run();
            if (!trains) return;
            TrainingPlan training = graph.PlanTraining(1, threads);
            if (training.MemoryBytes > 1 << 26) return;
            training.Forward(0);
            training.Backward();
        }
        catch (Exception error) when (error is ModelFormatException or UnsupportedModelException or ResourceLimitException)
        {
            Assert.NotEmpty(error.Message);
        }
        catch (ArgumentException error) when (error.Message.Contains("input '", StringComparison.Ordinal))
        {
            // A damaged input declaration no longer takes a batch of one; the caller is told so.
            Assert.NotEmpty(error.Message);
        }
    }

    private static byte[] Bytes(OnnxGraph graph)
    {
        using MemoryStream stream = new();
        graph.WriteTo(stream);
        return stream.ToArray();
    }
}
