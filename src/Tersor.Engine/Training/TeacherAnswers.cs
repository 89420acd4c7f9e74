using System.Numerics.Tensors;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;

namespace Tersor.Engine.Training;

/// <summary>A teacher's logits for batch after batch.</summary>
internal sealed class TeacherAnswers
{
    private readonly InferencePlan _plan;
    private readonly float[] _logarithms;

    public TeacherAnswers(ExecutableGraph graph, IReadOnlyDictionary<string, TensorShape> inputShapes, KernelThreads threads, long maxBytes)
    {
        _plan = graph.PlanInference(inputShapes, threads, maxBytes);
        _logarithms = graph.GivesProbabilities(0) ? new float[_plan.OutputShape(0).ElementCount] : [];
    }

    /// <summary>Bytes of intermediate results, weights excluded.</summary>
    public long MemoryBytes => _plan.MemoryBytes + (_logarithms.Length * sizeof(float));

    /// <summary>Answers a batch of inputs; they stay until the next.</summary>
    public ReadOnlySpan<float> Of(ReadOnlySpan<float> inputs)
    {
        inputs.CopyTo(_plan.Input(0));
        _plan.Run();
        if (_logarithms.Length == 0) return _plan.Output(0);

        // Logarithms of probabilities are logits less one number per sample, which softmax does not see.
        TensorPrimitives.Max(_plan.Output(0), LossOfProbabilities.LeastProbability, _logarithms);
        TensorPrimitives.Log<float>(_logarithms, _logarithms);
        return _logarithms;
    }
}
