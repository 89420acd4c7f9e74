using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Compression.Correction;

/// <summary>
/// Lets the vectors of a network learn to give the answers that it gave before its weights were quantized: biases, and scales and shifts of normalizations, follow the gradient of the answers' mean squared
/// distance. They are few and coded finely, so that this costs next to no bytes (compare the adaptation of scaling factors of Haase et al., ICIP 2021, and the tweaking of normalizations of Li et al.,
/// arXiv 2309.02784). Not safe for several threads.
/// </summary>
public sealed class VectorTuning
{
    private const int Steps = 128;
    private const int Batch = 64;

    // Steps are relative to a vector, but for those that are nearly zero to all of them.
    private const double Rate = 0.01;
    private const double LeastScale = 0.1;

    private readonly ExecutableGraph _graph;
    private readonly SampleSet _samples;
    private readonly Preprocessing _preprocessing;
    private readonly ulong _seed;
    private readonly KernelThreads _threads;
    private readonly int _batch;
    private readonly IReadOnlyDictionary<string, TensorShape> _shapes;
    private readonly TrainingPlan _plan;
    private readonly Loss _loss;
    private readonly int _outputs;
    private readonly float[] _answers;

    /// <summary>Runs the network as it is; its answers are those to keep, and stay in memory.</summary>
    /// <param name="graph">A network with one binary32 input; its first output is its answer.</param>
    /// <param name="samples">From the train part; labels are not looked at.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="seed">Decides the order of the samples.</param>
    /// <param name="threads">Where the kernels run; the result does not depend on how many.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    /// <exception cref="DataMismatchException">Samples and network do not fit each other; the message shows both.</exception>
    /// <exception cref="UnsupportedModelException">Operators of the network have no gradient.</exception>
    public VectorTuning(ExecutableGraph graph, SampleSet samples, Preprocessing preprocessing, ulong seed, KernelThreads threads, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(threads);
        if (samples.Count == 0) throw new DataMismatchException($"{samples.Name} has no samples.");
        (_graph, _samples, _preprocessing, _seed, _threads) = (graph, samples, preprocessing, seed, threads);
        _batch = InputBatch.SizeFor(graph, Math.Min(Batch, samples.Count));
        _shapes = InputBatch.ShapesFor(graph, preprocessing.InputShape(samples.SampleShape), _batch);
        _plan = graph.PlanGradients(_shapes, threads, wanted: IsVector);
        _outputs = (int)(_plan.OutputShape(0).ElementCount / _batch);

        // Distances of probabilities say nothing where one of them is nearly 1.
        _loss = graph.GivesProbabilities(0) ? new KullbackLeiblerLoss((float)Teacher.UsualTemperature).ForAnswersOf(graph) : new MeanSquaredErrorLoss();
        _answers = new float[(long)samples.Count * _outputs];
        Infer((start, answers) => answers.CopyTo(_answers.AsSpan(start * _outputs)), cancellationToken);
        if (!graph.GivesProbabilities(0)) return;
        foreach (ref float answer in _answers.AsSpan()) answer = MathF.Log(MathF.Max(answer, (float)Evaluator.LeastProbability));
    }

    /// <summary>Tunes the vectors of the network with the weights that it has now; those are as before when this returns.</summary>
    /// <param name="vectors">Some of <see cref="VectorsOf"/>.</param>
    /// <param name="progress">Receives the number of samples done.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <returns>By name, tensors that take the place of the network's; none where nothing came nearer to the answers.</returns>
    public IReadOnlyDictionary<string, Tensor> Run(IReadOnlyCollection<string> vectors, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        GraphParameter[] tuned = [.. vectors.Select(name => _graph.FindParameter(name)!)];
        if (tuned.Length == 0) return new Dictionary<string, Tensor>(StringComparer.Ordinal);
        float[][] before = [.. tuned.Select(parameter => parameter.Values.ToArray())];
        try
        {
            double distance = MeanLoss(cancellationToken);
            Learn(tuned, progress, cancellationToken);
            return MeanLoss(cancellationToken) < distance
                ? tuned.ToDictionary(parameter => parameter.Name, parameter => new Tensor(parameter.Name, parameter.Shape, [.. parameter.Values]), StringComparer.Ordinal)
                : new Dictionary<string, Tensor>(StringComparer.Ordinal);
        }
        finally
        {
            for (int i = 0; i < tuned.Length; i++) before[i].CopyTo(tuned[i].Values, 0);
        }
    }

    /// <summary>Bytes that stay in use: the answers, and what a pass of a batch takes.</summary>
    public long MemoryBytes => _plan.MemoryBytes + ((long)_answers.Length * sizeof(float));

    /// <summary>How many samples <see cref="Run"/> passes; what it reports its progress of.</summary>
    public int PassedSamples => Steps * _batch;

    /// <summary>Whether a search for a budget does well to tune: where normalizations scale what layers give. Biases alone make up for hardly anything that compensated levels do not.</summary>
    /// <param name="graph">The network.</param>
    public static bool Suits(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Nodes.Any(node => node.Normalizes());
    }

    /// <summary>The vectors that a plan leaves to be tuned: quantized ones that gradients reach, other than those whose values are whole numbers.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="plan">How its tensors are coded.</param>
    /// <param name="model">Where the tensors come from.</param>
    public static IReadOnlyList<string> VectorsOf(ExecutableGraph graph, CompressionPlan plan, Model model)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(model);
        return
        [
            .. plan.Tensors.Where(tensor => tensor.Method.IsLossy() && !tensor.KeepsWholeNumbers)
                .Where(tensor => graph.FindParameter(tensor.Name) is { } parameter && IsVector(parameter))
                .Where(tensor => model.Find(tensor.Name) is { ElementType: ElementType.Float32 } found && model.CanDetach(found))
                .Select(tensor => tensor.Name),
        ];
    }

    private void Learn(GraphParameter[] tuned, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        double all = Math.Sqrt(tuned.Sum(SumOfSquares) / tuned.Sum(parameter => parameter.Values.Length));
        (AdamOptimizer Optimizer, double Rate)[] optimizers = [.. tuned.Select(parameter =>
        {
            AdamOptimizer optimizer = new();
            optimizer.Attach(parameter.Stored);
            return (optimizer, Rate * Math.Max(Math.Sqrt(SumOfSquares(parameter) / parameter.Values.Length), LeastScale * all));
        })];
        float[] pixels = new float[_samples.SampleShape.ElementCount];
        float[] targets = new float[_batch * _outputs];
        int[] order = [.. Enumerable.Range(0, _samples.Count)];
        RandomStream random = new(_seed, "tuned vectors");

        // A network may fix more than there are.
        int count = Math.Min(_batch, _samples.Count);
        SampleSet shuffled = _samples;
        int start = _samples.Count;
        for (int step = 0; step < Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (start + count > _samples.Count)
            {
                random.Shuffle<int>(order);
                (shuffled, start) = (_samples.Select(_samples.Name, [.. order]), 0);
            }

            InputBatch.Fill(shuffled, start, count, _preprocessing, pixels, _plan.Input(0));
            for (int i = 0; i < count; i++) _answers.AsSpan(order[start + i] * _outputs, _outputs).CopyTo(targets.AsSpan(i * _outputs));
            _plan.Forward(seed: 0);
            int used = count * _outputs;
            _loss.Compute(_plan.Output(0)[..used], count, new LossTargets(targets.AsSpan(0, used)), _plan.OutputGradient(0)[..used]);
            _plan.Backward();
            double share = 0.5 * (1 + Math.Cos(Math.PI * step / Steps));
            foreach ((AdamOptimizer optimizer, double rate) in optimizers) optimizer.Step(share * rate);
            start += count;
            progress?.Report((step + 1) * _batch);
        }
    }

    private static bool IsVector(GraphParameter parameter) => parameter is { IsTrainable: true, Function: null, Shape.Rank: 1 };

    private static double SumOfSquares(GraphParameter parameter)
    {
        double sum = 0;
        foreach (float value in parameter.Values) sum += (double)value * value;
        return sum;
    }

    private double MeanLoss(CancellationToken cancellationToken)
    {
        float[] gradient = new float[_batch * _outputs];
        double sum = 0;
        Infer(
            (start, answers) =>
            {
                int count = answers.Length / _outputs;
                sum += count * _loss.Compute(answers, count, new LossTargets(_answers.AsSpan(start * _outputs, answers.Length)), gradient.AsSpan(0, answers.Length));
            },
            cancellationToken);
        return sum / _samples.Count;
    }

    // A plan of inference folds weights into one another: it serves those that the graph has now.
    private void Infer(Action<int, ReadOnlySpan<float>> take, CancellationToken cancellationToken)
    {
        InferencePlan plan = _graph.PlanInference(_shapes, _threads);
        float[] pixels = new float[_samples.SampleShape.ElementCount];
        for (int start = 0; start < _samples.Count; start += _batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(_batch, _samples.Count - start);
            InputBatch.Fill(_samples, start, count, _preprocessing, pixels, plan.Input(0));
            plan.Run();
            take(start, plan.Output(0)[..(count * _outputs)]);
        }
    }
}
