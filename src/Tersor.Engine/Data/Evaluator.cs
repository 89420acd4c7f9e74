using System.Diagnostics;
using System.Numerics.Tensors;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>Runs a model on a data set and measures how well it does.</summary>
public sealed class Evaluator
{
    /// <summary>Below this a probability counts as this where answers are judged by its logarithm.</summary>
    public const double LeastProbability = 1e-12;

    private readonly ExecutableGraph _graph;
    private readonly InferencePlan _plan;
    private readonly Preprocessing _preprocessing;
    private readonly int _batch;
    private readonly bool _givesProbabilities;

    /// <summary>Plans the runs.</summary>
    /// <param name="graph">A model with one binary32 input; its first output is judged.</param>
    /// <param name="sampleShape">Shape of one sample as the data has it.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <param name="batch">Samples per run; a model that fixes its batch gets that.</param>
    /// <param name="maxBytes">What intermediate results may take.</param>
    /// <exception cref="DataMismatchException">The model does not take such samples; both shapes are named.</exception>
    /// <exception cref="ResourceLimitException">A run would take more memory than there is or than is allowed.</exception>
    public Evaluator(
        ExecutableGraph graph, TensorShape sampleShape, Preprocessing preprocessing, KernelThreads threads, int batch = 64, long maxBytes = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        _graph = graph;
        _givesProbabilities = graph.GivesProbabilities(0);
        _preprocessing = preprocessing;
        _batch = InputBatch.SizeFor(graph, batch);
        _plan = graph.PlanInference(InputBatch.ShapesFor(graph, preprocessing.InputShape(sampleShape), _batch), threads, maxBytes);
    }

    /// <summary>Bytes of intermediate results, weights excluded.</summary>
    public long MemoryBytes => _plan.MemoryBytes;

    /// <summary>Makes sure that the model can be judged by the samples, before anything runs.</summary>
    /// <exception cref="DataMismatchException">There are no samples, or their classes or targets do not fit the model's output.</exception>
    public void CheckFit(SampleSet samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0) throw new DataMismatchException($"{samples.Name} has no samples.");
        if (_graph.Outputs.Count == 0 || _plan.OutputType(0) != ElementType.Float32) throw new DataMismatchException($"{_graph.Source} has no float32 output to judge.");
        if (_plan.OutputShape(0).ElementCount % _batch != 0)
            throw new DataMismatchException($"{_graph.Source} turns {_batch} samples into an output of {_plan.OutputShape(0)}, which is not a row per sample.");
        long outputs = _plan.OutputShape(0).ElementCount / _batch;
        if (samples.HasLabels && samples.ClassCount > outputs)
            throw new DataMismatchException($"{samples.Name} has {samples.ClassCount} classes, {_graph.Source} has {outputs} outputs.");
        if (!samples.HasLabels && samples.TargetShape.ElementCount != outputs)
            throw new DataMismatchException($"{samples.Name} has targets of {samples.TargetShape}, {_graph.Source} has {outputs} outputs.");
    }

    /// <summary>Runs all samples.</summary>
    /// <param name="samples">Of the shape that was planned for.</param>
    /// <param name="progress">Receives the number of samples done after each batch.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <exception cref="DataMismatchException">There are no samples, or their classes or targets do not fit the model's output.</exception>
    public Evaluation Run(SampleSet samples, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        CheckFit(samples);
        int outputs = (int)(_plan.OutputShape(0).ElementCount / _batch);
        long started = Stopwatch.GetTimestamp();
        float[] pixels = new float[samples.SampleShape.ElementCount];
        int[] predictions = new int[samples.HasLabels ? samples.Count : 0];
        (int top1, int top5, double loss, double distance) = (0, 0, 0, 0);
        for (int start = 0; start < samples.Count; start += _batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(_batch, samples.Count - start);
            InputBatch.Fill(samples, start, count, _preprocessing, pixels, _plan.Input(0));
            _plan.Run();
            ReadOnlySpan<float> output = _plan.Output(0);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> row = output.Slice(i * outputs, outputs);
                if (!samples.HasLabels)
                {
                    (double squares, double distances) = Errors(row, samples.Target(start + i));
                    loss += squares / outputs;
                    distance += distances / outputs;
                    continue;
                }

                predictions[start + i] = TensorPrimitives.IndexOfMax(row);
                int label = samples.Label(start + i);
                int rank = Rank(row, label);
                if (rank == 0) top1++;
                if (rank < 5) top5++;
                loss += _givesProbabilities ? -Math.Log(Math.Max(row[label], LeastProbability)) : CrossEntropy(row, label);
            }

            progress?.Report(start + count);
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double n = samples.Count;
        return new Evaluation
        {
            Samples = samples.Count,
            Top1 = samples.HasLabels ? top1 / n : double.NaN,
            Top5 = samples.HasLabels ? top5 / n : double.NaN,
            Loss = loss / n,
            MeanAbsoluteError = samples.HasLabels ? double.NaN : distance / n,
            Predictions = predictions,
            Seconds = seconds,
        };
    }

    /// <summary>How many outputs come before the label's: higher ones, and equal ones of lower index.</summary>
    private static int Rank(ReadOnlySpan<float> row, int label)
    {
        int rank = 0;
        for (int i = 0; i < row.Length; i++)
        {
            // A NaN beats nothing, and a label whose output is NaN is beaten by all.
            if (i != label && (row[i] > row[label] || (row[i] == row[label] && i < label) || float.IsNaN(row[label]))) rank++;
        }

        return rank;
    }

    private static (double Squares, double Distances) Errors(ReadOnlySpan<float> row, ReadOnlySpan<float> target)
    {
        (double squares, double distances) = (0, 0);
        for (int i = 0; i < row.Length; i++)
        {
            double difference = (double)row[i] - target[i];
            squares += difference * difference;
            distances += Math.Abs(difference);
        }

        return (squares, distances);
    }

    private static double CrossEntropy(ReadOnlySpan<float> row, int label)
    {
        float largest = TensorPrimitives.Max(row);
        double sum = 0;
        foreach (float value in row) sum += Math.Exp(value - largest);
        return Math.Log(sum) - (row[label] - largest);
    }
}
