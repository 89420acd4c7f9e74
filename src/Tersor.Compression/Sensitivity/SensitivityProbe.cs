using System.Numerics.Tensors;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
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
    // Below this a probability counts as this: its logarithm is taken.
    private const double LeastProbability = 1e-12;

    private readonly ExecutableGraph _graph;
    private readonly SampleSet _samples;
    private readonly Preprocessing _preprocessing;
    private readonly KernelThreads _threads;
    private readonly IReadOnlyDictionary<string, TensorShape> _shapes;
    private readonly int _batch;
    private readonly bool _classifies;
    private readonly float[] _reference;
    private readonly int _outputs;
    private readonly double _referenceTop1;

    /// <summary>Runs the model as it is; its answers are what later ones are compared with, and stay in memory.</summary>
    /// <param name="graph">A model with one binary32 input; its first output is its answer.</param>
    /// <param name="samples">What it is asked.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <param name="batch">Samples per run.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    /// <exception cref="DataMismatchException">Samples and model do not fit each other; the message shows both.</exception>
    public SensitivityProbe(
        ExecutableGraph graph, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, int batch = 64, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(threads);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (samples.Count == 0) throw new DataMismatchException($"{samples.Name} has no samples.");
        (_graph, _samples, _preprocessing, _threads, _classifies) = (graph, samples, preprocessing, threads, samples.HasLabels);
        _batch = InputBatch.SizeFor(graph, Math.Min(batch, samples.Count));
        _shapes = InputBatch.ShapesFor(graph, preprocessing.InputShape(samples.SampleShape), _batch);
        _outputs = (int)(graph.PlanInference(_shapes, threads).OutputShape(0).ElementCount / _batch);
        if (samples.ClassCount > _outputs) throw new DataMismatchException($"{samples.Name} has {samples.ClassCount} classes, {graph.Source} has {_outputs} outputs.");
        _reference = new float[(long)samples.Count * _outputs];
        double right = 0;
        Run(
            (sample, answer) =>
            {
                if (_classifies && TensorPrimitives.IndexOfMax(answer) == samples.Label(sample)) right++;
                answer.CopyTo(_reference.AsSpan(sample * _outputs));
            },
            cancellationToken);
        _referenceTop1 = right / samples.Count;
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
            (double divergence, double same, double right) = (0, 0, 0);
            Run(
                (sample, answer) =>
                {
                    ReadOnlySpan<float> before = _reference.AsSpan(sample * _outputs, _outputs);
                    if (!_classifies)
                    {
                        divergence += Math.Pow(TensorPrimitives.Distance(before, answer), 2) / _outputs;
                        return;
                    }

                    int highest = TensorPrimitives.IndexOfMax(answer);
                    if (highest == TensorPrimitives.IndexOfMax(before)) same++;
                    if (highest == _samples.Label(sample)) right++;
                    divergence += KullbackLeibler(before, answer);
                },
                cancellationToken);
            double count = _samples.Count;
            return _classifies
                ? new MeasuredSensitivity(parameter.Name, qp, divergence / count, same / count, _referenceTop1 - (right / count))
                : new MeasuredSensitivity(parameter.Name, qp, divergence / count, double.NaN, double.NaN);
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

    private void Run(Action<int, float[]> judge, CancellationToken cancellationToken)
    {
        InferencePlan plan = _graph.PlanInference(_shapes, _threads);
        float[] pixels = new float[_samples.SampleShape.ElementCount];
        float[] answer = new float[_outputs];
        for (int start = 0; start < _samples.Count; start += _batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(_batch, _samples.Count - start);
            InputBatch.Fill(_samples, start, count, _preprocessing, pixels, plan.Input(0));
            plan.Run();
            for (int i = 0; i < count; i++)
            {
                plan.Output(0).Slice(i * _outputs, _outputs).CopyTo(answer);
                judge(start + i, answer);
            }
        }
    }

    private double KullbackLeibler(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        if (_graph.GivesProbabilities(0))
        {
            double sum = 0;
            for (int c = 0; c < before.Length; c++)
                sum += before[c] * (Math.Log(Math.Max(before[c], LeastProbability)) - Math.Log(Math.Max(after[c], LeastProbability)));
            return sum;
        }

        // sum p (a - b) over the logits, less the difference of the logarithms of their partition functions.
        (double largestBefore, double largestAfter) = (TensorPrimitives.Max(before), TensorPrimitives.Max(after));
        (double partitionBefore, double partitionAfter, double difference) = (0, 0, 0);
        for (int c = 0; c < before.Length; c++)
        {
            double weight = Math.Exp(before[c] - largestBefore);
            partitionBefore += weight;
            partitionAfter += Math.Exp(after[c] - largestAfter);
            difference += weight * ((before[c] - largestBefore) - (after[c] - largestAfter));
        }

        return (difference / partitionBefore) - Math.Log(partitionBefore) + Math.Log(partitionAfter);
    }
}
