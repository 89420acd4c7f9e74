using Tersor.Bench.Engine;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Bench.Opponents;

/// <summary>What the engine does in a contest, prepared to be timed.</summary>
internal static class EngineRuns
{
    /// <summary>One inference.</summary>
    public static Action Inference(string path, int batch, KernelThreads threads)
    {
        using Model model = ModelFormats.Open(path);
        InferencePlan plan = ExecutableGraph.Create(OnnxGraph.FromModel(model)).PlanInference(batch, threads);
        float[] input = KernelData.Values(plan.Input(0).Length, 1);
        return () =>
        {
            input.CopyTo(plan.Input(0));
            plan.Run();
        };
    }

    /// <summary>One step of stochastic gradient descent with momentum on cross-entropy.</summary>
    public static Action TrainingStep(string architecture, int batch, KernelThreads threads)
    {
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create(architecture, seed: 1));
        TrainingPlan plan = graph.PlanTraining(batch, threads);
        SgdOptimizer optimizer = new(momentum: 0.9f);
        optimizer.Attach([.. graph.Parameters.Where(parameter => parameter.IsTrainable).SelectMany(parameter => parameter.Stored)]);
        CrossEntropyLoss loss = new();
        float[] input = KernelData.Values(plan.Input(0).Length, 1);
        int[] labels = [.. Enumerable.Range(0, batch).Select(i => i % 10)];
        ulong step = 0;
        return () =>
        {
            input.CopyTo(plan.Input(0));
            plan.Forward(++step);
            loss.Compute(plan.Output(0), batch, new LossTargets(labels), plan.OutputGradient(0));
            plan.Backward();
            optimizer.Step(0.01);
        };
    }

    /// <summary>One product of square matrices.</summary>
    public static Action Product(int size, KernelThreads threads)
    {
        (float[] a, float[] b, float[] c) = (KernelData.Values(size * size, 1), KernelData.Values(size * size, 2), new float[size * size]);
        return () => MatrixProduct.Multiply(size, size, size, a, size, false, b, size, false, c, size, 1f, 0f, threads);
    }

    /// <summary>As many multiply-adds as that product has, on operands that never leave the first-level cache.</summary>
    public static Action Peak(int size, int threads)
    {
        PeakBenchmarks peak = new() { Threads = threads, Problem = PeakProblem.Of((double)size * size * size) };
        peak.Setup();
        return peak.MultiplyAdd;
    }
}
