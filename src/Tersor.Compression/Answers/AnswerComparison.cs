using System.Numerics.Tensors;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;

namespace Tersor.Compression.Answers;

/// <summary>Remembers a model's answers to samples, and compares those of the model as it stands later with them.</summary>
public sealed class AnswerComparison
{
    private readonly ExecutableGraph _graph;
    private readonly SampleSet _samples;
    private readonly Preprocessing _preprocessing;
    private readonly KernelThreads _threads;
    private readonly IReadOnlyDictionary<string, TensorShape> _shapes;
    private readonly int _batch;
    private readonly float[] _before;
    private readonly int _outputs;
    private readonly ActivationCache? _kept;

    /// <summary>Runs the model as it is; its answers are what later ones are compared with, and stay in memory.</summary>
    /// <param name="graph">A model with one binary32 input; its first output is its answer.</param>
    /// <param name="samples">What it is asked.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <param name="batch">Samples per run.</param>
    /// <param name="keptBytes">
    /// What may be kept of a comparison for the next: layers before the first whose weights differ from those of the comparison before are not computed again. The results are the same.
    /// </param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    /// <exception cref="DataMismatchException">Samples and model do not fit each other; the message shows both.</exception>
    public AnswerComparison(
        ExecutableGraph graph, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, int batch = 64, long keptBytes = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(threads);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (samples.Count == 0) throw new DataMismatchException($"{samples.Name} has no samples.");
        (_graph, _samples, _preprocessing, _threads) = (graph, samples, preprocessing, threads);
        _batch = InputBatch.SizeFor(graph, Math.Min(batch, samples.Count));
        _shapes = InputBatch.ShapesFor(graph, preprocessing.InputShape(samples.SampleShape), _batch);
        InferencePlan plan = Plan();
        _outputs = (int)(plan.OutputShape(0).ElementCount / _batch);
        if (samples.ClassCount > _outputs) throw new DataMismatchException($"{samples.Name} has {samples.ClassCount} classes, {graph.Source} has {_outputs} outputs.");
        if (keptBytes > 0) _kept = new ActivationCache(keptBytes);
        _before = new float[(long)samples.Count * _outputs];
        Run(plan, (sample, answer) => answer.CopyTo(_before.AsSpan(sample * _outputs)), cancellationToken);
    }

    /// <summary>How many samples there are.</summary>
    public int Samples => _samples.Count;

    /// <summary>Whether answers are classes; otherwise they are compared by distance.</summary>
    public bool Classifies => _samples.HasLabels;

    /// <summary>Whether the answers are probabilities, not logits.</summary>
    public bool AreProbabilities => _graph.GivesProbabilities(0);

    /// <summary>Fraction of right answers before any change; NaN for regression.</summary>
    public double Top1Before
    {
        get
        {
            if (!Classifies) return double.NaN;
            int right = 0;
            for (int i = 0; i < _samples.Count; i++)
            {
                if (TensorPrimitives.IndexOfMax<float>(_before.AsSpan(i * _outputs, _outputs)) == _samples.Label(i)) right++;
            }

            return (double)right / _samples.Count;
        }
    }

    /// <summary>Runs the model with the weights that it has now.</summary>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    public AnswerChange Compare(CancellationToken cancellationToken = default)
    {
        (double divergence, double distance) = (0, 0);
        AnswerTally tally = new();
        Run(
            Plan(),
            (sample, answer) =>
            {
                ReadOnlySpan<float> before = _before.AsSpan(sample * _outputs, _outputs);
                distance += Math.Pow(TensorPrimitives.Distance(before, answer), 2) / _outputs;
                if (!Classifies) return;

                tally.Add(TensorPrimitives.IndexOfMax(before), TensorPrimitives.IndexOfMax(answer), _samples.Label(sample));
                divergence += KullbackLeibler(before, answer);
            },
            cancellationToken);
        return new AnswerChange(_samples.Count, distance / _samples.Count, Classifies ? divergence / _samples.Count : double.NaN, tally.Same, tally.Lost, tally.Gained);
    }

    // A plan folds weights into one another: it serves the weights that the graph has now.
    private InferencePlan Plan() => _graph.PlanInference(_shapes, _threads);

    private void Run(InferencePlan plan, Action<int, float[]> judge, CancellationToken cancellationToken)
    {
        float[] pixels = new float[_samples.SampleShape.ElementCount];
        float[] answer = new float[_outputs];
        _kept?.Begin(plan);
        for (int start = 0; start < _samples.Count; start += _batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(_batch, _samples.Count - start);
            RunBatch(plan, start, count, pixels);
            for (int i = 0; i < count; i++)
            {
                plan.Output(0).Slice(i * _outputs, _outputs).CopyTo(answer);
                judge(start + i, answer);
            }
        }
    }

    private void RunBatch(InferencePlan plan, int start, int count, float[] pixels)
    {
        if (_kept is not null)
        {
            _kept.Run(start / _batch, Fill);
            return;
        }

        Fill();
        plan.Run();

        void Fill() => InputBatch.Fill(_samples, start, count, _preprocessing, pixels, plan.Input(0));
    }

    private double KullbackLeibler(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        if (AreProbabilities)
        {
            double sum = 0;
            for (int c = 0; c < before.Length; c++)
                sum += before[c] * (Math.Log(Math.Max(before[c], Evaluator.LeastProbability)) - Math.Log(Math.Max(after[c], Evaluator.LeastProbability)));
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
