using System.Numerics.Tensors;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Quantization;

namespace Tersor.Compression.Sensitivity;

/// <summary>
/// Estimates the diagonal of the Fisher information from batches, in memory that does not grow with the number of samples: two numbers per weight.
/// </summary>
/// <remarks>
/// The diagonal is a mean of squares over samples and answers, where a batch gives one gradient. For a sample with probabilities <c>p</c> of the classes, the
/// information is <c>J^T (diag(p) - p p^T) J</c> with the outputs' Jacobian <c>J</c>, and <c>diag(p) - p p^T = A A^T</c> for <c>A = diag(sqrt p) - p sqrt(p)^T</c>.
/// Back-propagating <c>A r</c> with a random sign in each place of <c>r</c> gives <c>J^T A r</c>, whose square has the diagonal for its expectation; as the signs of
/// different samples are independent, products between samples vanish too, and one backward pass serves a batch (Hutchinson's estimator; compare M. Hutchinson, 1989,
/// and J. Martens, 2020, on the Fisher information of networks). With the data's labels the gradient of each sample's loss gets a random sign. The network computes as
/// at inference: with running statistics, without dropout.
/// </remarks>
public sealed class FisherEstimator
{
    // More samples than this without a finite gradient are the model's fault.
    private const double MaxDroppedShare = 0.01;

    // Below this a probability counts as this: its square root divides.
    private const float LeastProbability = 1e-12f;

    private readonly ExecutableGraph _graph;
    private readonly SampleSet _samples;
    private readonly Preprocessing _preprocessing;
    private readonly FisherOptions _options;
    private readonly TrainingPlan _plan;
    private readonly GraphParameter[] _parameters;
    private readonly double[][] _sums;
    private readonly int _batch;
    private readonly int _outputs;
    private readonly bool _givesProbabilities;

    /// <summary>Plans the passes.</summary>
    /// <param name="graph">A model with one binary32 input; its first output is its answer: logits, probabilities made by Softmax, or values for regression.</param>
    /// <param name="samples">What the expectation is over: a part of the train set.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="options">How many samples, which labels.</param>
    /// <param name="threads">Where the kernels run; the result does not depend on how many.</param>
    /// <exception cref="DataMismatchException">Samples and model do not fit each other; the message shows both.</exception>
    /// <exception cref="UnsupportedModelException">Operators of the model have no gradient.</exception>
    public FisherEstimator(ExecutableGraph graph, SampleSet samples, Preprocessing preprocessing, FisherOptions options, KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        if (samples.Count == 0) throw new DataMismatchException($"{samples.Name} has no samples.");
        (_graph, _preprocessing, _options) = (graph, preprocessing, options);
        _samples = Draw(samples, options);
        _batch = InputBatch.SizeFor(graph, Math.Min(options.Batch, _samples.Count));
        _plan = graph.PlanGradients(InputBatch.ShapesFor(graph, preprocessing.InputShape(samples.SampleShape), _batch), threads);
        long outputs = _plan.OutputShape(0).ElementCount / _batch;
        if (samples.HasLabels && samples.ClassCount > outputs)
            throw new DataMismatchException($"{samples.Name} has {samples.ClassCount} classes, {graph.Source} has {outputs} outputs.");
        if (!samples.HasLabels && options.Labels == FisherLabels.OfData && samples.TargetShape.ElementCount != outputs)
            throw new DataMismatchException($"{samples.Name} has targets of {samples.TargetShape}, {graph.Source} has {outputs} outputs.");
        _outputs = (int)outputs;
        _givesProbabilities = graph.GivesProbabilities(0);
        _parameters = [.. graph.Parameters.Where(parameter => parameter.IsTrainable)];
        _sums = [.. _parameters.Select(parameter => new double[parameter.Values.Length])];
    }

    /// <summary>Where second moments around the weights are summed while <see cref="Run"/> passes; null for nowhere.</summary>
    internal RowMoments? Moments { get; private set; }

    /// <summary>Sums second moments around the weights in the same passes.</summary>
    internal RowMoments SumMoments() => Moments = _plan.NewRowMoments();

    /// <summary>Samples that <see cref="Run"/> takes.</summary>
    public int SampleCount => _samples.Count;

    /// <summary>Runs the samples.</summary>
    /// <param name="progress">Receives the number of samples done.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    /// <exception cref="ModelFormatException">Gradients of more than a hundredth of the samples are not finite numbers.</exception>
    public FisherInformation Run(IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        foreach (double[] sum in _sums) Array.Clear(sum);
        float[] pixels = new float[_samples.SampleShape.ElementCount];
        RandomStream signs = new(_options.Seed, "Fisher signs");
        int dropped = 0;
        for (int start = 0; start < _samples.Count; start += _batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(_batch, _samples.Count - start);
            InputBatch.Fill(_samples, start, count, _preprocessing, pixels, _plan.Input(0));
            _plan.Forward(seed: 0);
            Moments?.AddInputs(count);
            for (int i = 0; i < _batch; i++)
            {
                Span<float> gradient = _plan.OutputGradient(0).Slice(i * _outputs, _outputs);
                if (i < count) Direct(start + i, _plan.Output(0).Slice(i * _outputs, _outputs), gradient, ref signs);
                else gradient.Clear();
            }

            _plan.Backward(Moments);
            if (!TryAccumulate()) dropped += count;
            progress?.Report(start + count);
        }

        int used = _samples.Count - dropped;
        if (dropped > MaxDroppedShare * _samples.Count) throw NotFinite(dropped);
        return new FisherInformation(
            [.. _parameters.Select((parameter, i) => new TensorFisher(parameter.Name, parameter.Shape, Array.ConvertAll(_sums[i], sum => (float)(sum / used))))],
            used,
            dropped);
    }

    private ModelFormatException NotFinite(int dropped)
    {
        string problem = $"the gradients of {dropped} of {_samples.Count} samples are not finite numbers";
        foreach (GraphParameter parameter in _graph.Parameters)
        {
            int index = NonFiniteWeight.IndexOf(parameter.Values);
            if (index >= 0) return new ModelFormatException(_graph.Source, $"tensor '{parameter.Name}'", -1, FormattableString.Invariant($"element {index} is {parameter.Values[index]}, and {problem}; replace the value"));
        }

        return new ModelFormatException(_graph.Source, null, -1, $"{problem}; check weights and preprocessing");
    }

    private static SampleSet Draw(SampleSet samples, FisherOptions options)
    {
        if (options.Samples >= samples.Count) return samples;
        int[] order = [.. Enumerable.Range(0, samples.Count)];
        new RandomStream(options.Seed, "Fisher samples").Shuffle<int>(order);
        return samples.Select(samples.Name, order[..options.Samples]);
    }

    /// <summary>Writes what is back-propagated for a sample.</summary>
    private void Direct(int sample, ReadOnlySpan<float> output, Span<float> gradient, ref RandomStream signs)
    {
        if (_options.Labels == FisherLabels.OfOutputs)
        {
            float share = 1 / MathF.Sqrt(gradient.Length);
            for (int c = 0; c < gradient.Length; c++) gradient[c] = share * NextSign(ref signs);
            if (_givesProbabilities) ThroughSoftmax(output, gradient);
            return;
        }

        if (!_samples.HasLabels)
        {
            // Errors taken as normal with variance 1: the information is J^T J.
            if (_options.Labels == FisherLabels.OfModel)
            {
                for (int c = 0; c < gradient.Length; c++) gradient[c] = NextSign(ref signs);
                return;
            }

            TensorPrimitives.Subtract(output, _samples.Target(sample), gradient);
            TensorPrimitives.Multiply(gradient, NextSign(ref signs), gradient);
            return;
        }

        if (_givesProbabilities) output.CopyTo(gradient);
        else TensorPrimitives.SoftMax(output, gradient);
        if (_options.Labels == FisherLabels.OfData)
        {
            int label = _samples.Label(sample);
            float sign = NextSign(ref signs);
            if (_givesProbabilities)
            {
                float probability = gradient[label];
                gradient.Clear();
                gradient[label] = -sign / Math.Max(probability, LeastProbability);
                return;
            }

            gradient[label] -= 1;
            TensorPrimitives.Multiply(gradient, sign, gradient);
            return;
        }

        float sum = 0;
        for (int c = 0; c < gradient.Length; c++)
        {
            float root = MathF.Sqrt(Math.Max(gradient[c], _givesProbabilities ? LeastProbability : 0));
            float sign = NextSign(ref signs);
            if (_givesProbabilities)
            {
                // The information of the probabilities themselves is J^T diag(1/p) J.
                gradient[c] = sign / root;
                continue;
            }

            sum += sign * root;
            gradient[c] = sign * root;
        }

        // A r = sqrt(p) r - p (sqrt(p) . r); the probabilities are the squares of what stands there.
        if (_givesProbabilities) return;
        foreach (ref float value in gradient) value -= value * value * sum;
    }

    // The gradient of probabilities that gives the logits before them this one, as far as it has no sum: adding to all logits changes nothing.
    private static void ThroughSoftmax(ReadOnlySpan<float> probabilities, Span<float> gradient)
    {
        float mean = TensorPrimitives.Sum<float>(gradient) / gradient.Length;
        for (int c = 0; c < gradient.Length; c++) gradient[c] = (gradient[c] - mean) / Math.Max(probabilities[c], LeastProbability);
    }

    private static float NextSign(ref RandomStream signs) => (signs.NextUInt64() >> 63) == 0 ? 1 : -1;

    private bool TryAccumulate()
    {
        foreach (GraphParameter parameter in _parameters)
        {
            if (!float.IsFinite(TensorPrimitives.SumOfSquares<float>(parameter.ForwardGradient))) return false;
        }

        for (int t = 0; t < _parameters.Length; t++)
        {
            ReadOnlySpan<float> gradient = _parameters[t].ForwardGradient;
            double[] sums = _sums[t];
            for (int i = 0; i < sums.Length; i++) sums[i] += (double)gradient[i] * gradient[i];
        }

        return true;
    }
}
