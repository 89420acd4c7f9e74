using Tersor.Compression.Channels;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Channels;

/// <summary>What networks answer to random inputs.</summary>
internal static class Runs
{
    public static float[] Answers(OnnxGraph graph, int batch = 3)
    {
        using KernelThreads threads = new(1);
        ExecutableGraph executable = ExecutableGraph.Create(graph);
        bool isOpen = executable.Inputs[0].Dimensions![0].Size is null;
        InferencePlan plan = executable.PlanInference(isOpen ? batch : (int)executable.Inputs[0].Dimensions![0].Size!.Value, threads);
        Seeded random = new(99);
        foreach (ref float value in plan.Input(0)) value = random.NextGaussian();
        plan.Run();
        return plan.Output(0).ToArray();
    }

    /// <summary>The network with the weights that read some units set to zero.</summary>
    public static OnnxGraph Masked(ChannelGroups groups, IReadOnlyList<ChannelUnit> removed)
    {
        Dictionary<string, float[]> values = new(StringComparer.Ordinal);
        Dictionary<string, Tensor> tensors = groups.Graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (ChannelRecord record in removed.SelectMany(unit => unit.Records).Where(record => record.Role == ChannelRole.Input))
        {
            Tensor tensor = tensors[record.Parameter];
            if (!values.TryGetValue(tensor.Name, out float[]? weights)) values.Add(tensor.Name, weights = tensor.ReadSingles());
            int inner = (int)new TensorShape(tensor.Shape.Dimensions[(record.Axis + 1)..]).ElementCount;
            int step = (int)tensor.Shape[record.Axis] * inner;
            for (int start = record.Index * inner; start < weights.Length; start += step) weights.AsSpan(start, inner).Clear();
        }

        return groups.Graph.WithInitializers(values.ToDictionary(entry => entry.Key, entry => new Tensor(entry.Key, tensors[entry.Key].Shape, entry.Value), StringComparer.Ordinal));
    }

    public static void AssertClose(float[] expected, float[] actual, double tolerance, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(1, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"{what} output {i}: {actual[i]}, not {expected[i]}");
    }
}
