using Tersor.Compression.Answers;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Quantization;

namespace Tersor.Compression.Sensitivity;

/// <summary>What happens to a model's answers when one tensor alone is rounded to multiples of a step.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Qp">Quantization parameter of the step; <see cref="StepSize.FromQp"/>.</param>
/// <param name="Divergence">Mean Kullback-Leibler divergence of the answers from the original's, in nats; mean squared distance for outputs of regression.</param>
/// <param name="Agreement">Fraction of the samples whose highest output is the original's; NaN for regression.</param>
/// <param name="Top1Drop">What the fraction of right answers loses; NaN without labels. Negative where it gains.</param>
public sealed record MeasuredSensitivity(string Tensor, int Qp, double Divergence, double Agreement, double Top1Drop);

/// <summary>Measures how much a model's answers change when one tensor at a time is quantized and all others stay as they are.</summary>
public sealed class SensitivityProbe
{
    private readonly AnswerComparison _answers;

    /// <inheritdoc cref="AnswerComparison(ExecutableGraph, SampleSet, Preprocessing, KernelThreads, int, long, CancellationToken)"/>
    public SensitivityProbe(
        ExecutableGraph graph, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, int batch = 64, long keptBytes = 0, CancellationToken cancellationToken = default)
    {
        _answers = new AnswerComparison(graph, samples, preprocessing, threads, batch, keptBytes, cancellationToken);
    }

    /// <summary>Rounds a tensor to the nearest multiples of a step, runs the samples, and puts the tensor back.</summary>
    /// <param name="parameter">A weight of the graph.</param>
    /// <param name="qp">Quantization parameter of the step.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    public MeasuredSensitivity Measure(GraphParameter parameter, int qp, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        float[] original = [.. parameter.Values];
        try
        {
            Round(original, StepSize.FromQp(qp), parameter.Values);
            AnswerChange change = _answers.Compare(cancellationToken);
            return _answers.Classifies
                ? new MeasuredSensitivity(parameter.Name, qp, change.Divergence, change.Agreement, change.Top1Drop)
                : new MeasuredSensitivity(parameter.Name, qp, change.Distance, double.NaN, double.NaN);
        }
        finally
        {
            original.CopyTo(parameter.Values, 0);
        }
    }

    private static void Round(ReadOnlySpan<float> values, double step, Span<float> rounded)
    {
        int[] levels = new int[values.Length];
        UniformQuantizer.Quantize(values, step, levels);
        UniformQuantizer.Dequantize(levels, step, rounded);
    }
}
