using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Graphs;

public class ActivationCacheTests
{
    private const int Batches = 3;
    private const int Batch = 2;

    /// <summary>Whatever weights change between plans, and however many batches fit, outputs are those of whole runs, bit for bit.</summary>
    [Theory]
    [InlineData("lenet5", long.MaxValue)]
    [InlineData("lenet5", 20_000)]
    [InlineData("lenet5", 1)]
    [InlineData("resnet20", long.MaxValue)]
    [InlineData("resnet20", 300_000)]
    public void Outputs_AreThoseOfWholeRuns(string network, long maxBytes)
    {
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create(network, seed: 3));
        using KernelThreads threads = new(2);
        Seeded random = new(9);
        float[][] inputs = [.. Enumerable.Range(0, Batches).Select(_ => Noise(graph.PlanInference(Batch, threads).Input(0).Length, random))];
        ActivationCache cache = new(maxBytes);
        for (int round = 0; round < 12; round++)
        {
            // One weight, two, or none.
            for (int change = 0; change < round % 3; change++)
            {
                GraphParameter parameter = graph.Parameters[random.NextInt(graph.Parameters.Count)];
                parameter.Values[random.NextInt(parameter.Values.Length)] += 0.25f;
            }

            InferencePlan whole = graph.PlanInference(Batch, threads);
            InferencePlan plan = graph.PlanInference(Batch, threads);
            cache.Begin(plan);

            // Some rounds stop before their last batch, as a search that is cancelled.
            for (int batch = 0; batch < Batches - (round % 4 == 3 ? 1 : 0); batch++)
            {
                inputs[batch].CopyTo(whole.Input(0));
                whole.Run();
                plan.Input(0).Fill(float.NaN);
                cache.Run(batch, () => inputs[batch].CopyTo(plan.Input(0)));
                Assert.Equal(whole.Output(0).ToArray(), plan.Output(0).ToArray());
            }

            Assert.InRange(cache.KeptBytes, 0, maxBytes);
        }
    }

    [Fact]
    public void LayersBeforeTheFirstChange_AreNotComputedAgain()
    {
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create("lenet5", seed: 3));
        using KernelThreads threads = new(1);
        ActivationCache cache = new(long.MaxValue);
        foreach ((string changed, int expected) in new[] { ("fc2.weight", 1), ("fc2.weight", 1), ("fc2.weight", 0), ("fc2.bias", 0), ("conv2.weight", 1), ("fc2.weight", 0), ("fc2.weight", 0), ("fc1.weight", 1) })
        {
            graph.FindParameter(changed)!.Values[0] += 1;
            InferencePlan plan = graph.PlanInference(Batch, threads);
            cache.Begin(plan);
            int filled = 0;
            cache.Run(0, () => filled++);
            Assert.Equal((changed, expected), (changed, filled));
        }
    }

    private static float[] Noise(int length, Seeded random)
    {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) values[i] = random.NextGaussian();
        return values;
    }
}
