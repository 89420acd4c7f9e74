using System.Diagnostics;
using System.Numerics.Tensors;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;

namespace Tersor.Engine.Training;

/// <summary>
/// Trains a graph on a data set. For one seed the result is the same bytes on any number of threads, and after an interruption too: the state after each epoch is
/// a checkpoint from which a later run goes on.
/// </summary>
public sealed class Trainer
{
    private readonly ExecutableGraph _graph;
    private readonly SampleSet? _validation;
    private readonly Preprocessing _preprocessing;
    private readonly TrainingOptions _options;
    private readonly KernelThreads _threads;
    private readonly TrainingPlan _plan;
    private readonly BatchFeeder _feeder;
    private readonly Optimizer _optimizer;
    private readonly WeightAverage? _average;
    private readonly GraphParameter[] _functions;
    private readonly List<EpochReport> _curve = [];

    /// <summary>Plans the training. Attach parameter functions to the graph before.</summary>
    /// <param name="graph">A model with one binary32 input; its first output is trained.</param>
    /// <param name="train">What is trained on.</param>
    /// <param name="validation">What is judged by after each epoch; null for nothing.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="options">How to train.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <exception cref="DataMismatchException">The batch is larger than the data, or data, loss and model do not fit each other; the message shows both.</exception>
    /// <exception cref="UnsupportedModelException">Operators of the model have no gradient.</exception>
    public Trainer(ExecutableGraph graph, SampleSet train, SampleSet? validation, Preprocessing preprocessing, TrainingOptions options, KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(threads);
        options.Check();
        int batch = InputBatch.SizeFor(graph, options.Batch);
        if (batch > train.Count) throw new DataMismatchException($"A batch of {batch} is larger than {train.Name} with {train.Count} samples.");
        if (options.Loss.UsesLabels != train.HasLabels)
            throw new DataMismatchException($"{options.Loss.GetType().Name} compares with {(options.Loss.UsesLabels ? "labels" : "targets")}, {train.Name} has {(train.HasLabels ? "labels" : "targets")}.");
        (_graph, _validation, _preprocessing, _options, _threads) = (graph, validation is { Count: > 0 } ? validation : null, preprocessing, options, threads);
        _plan = new TrainingPlan(graph, InputBatch.ShapesFor(graph, preprocessing.InputShape(train.SampleShape), batch), threads);
        long outputs = _plan.OutputShape(0).ElementCount / batch;
        if (train.HasLabels && train.ClassCount > outputs) throw new DataMismatchException($"{train.Name} has {train.ClassCount} classes, {graph.Source} has {outputs} outputs.");
        if (!train.HasLabels && train.TargetShape.ElementCount != outputs) throw new DataMismatchException($"{train.Name} has targets of {train.TargetShape}, {graph.Source} has {outputs} outputs.");
        Batch = batch;
        _feeder = new BatchFeeder(train, preprocessing, options.Augmentation, batch, options.Seed);
        Tensors = [.. graph.Parameters.Where(parameter => parameter.IsTrainable).SelectMany(parameter => parameter.Stored)];
        _functions = [.. graph.Parameters.Where(parameter => parameter.IsTrainable && parameter.Function is not null)];
        _optimizer = options.Optimizer();
        _optimizer.Attach(Tensors);
        _average = options.AverageDecay > 0 ? new WeightAverage(Tensors, options.AverageDecay) : null;
    }

    /// <summary>Samples of one step.</summary>
    public int Batch { get; }

    /// <summary>What is stored and trained, in a fixed order.</summary>
    public IReadOnlyList<TrainedTensor> Tensors { get; }

    /// <summary>Epochs so far, those of a resumed checkpoint included.</summary>
    public IReadOnlyList<EpochReport> Curve => _curve;

    internal Optimizer Optimizer => _optimizer;

    internal WeightAverage? Average => _average;

    internal ExecutableGraph Graph => _graph;

    internal ulong Seed => _options.Seed;

    /// <summary>
    /// Trains to the last epoch, or until validation stops getting better. Afterwards the graph holds the trained weights (their average, where one is kept).
    /// </summary>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number; the checkpoint of the last epoch, where one is kept, is good.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the last checkpoint is good.</exception>
    public IReadOnlyList<EpochReport> Run(IProgress<EpochReport>? progress = null, CancellationToken cancellationToken = default)
    {
        if (_options.Checkpoint is { } path && File.Exists(path)) TrainingCheckpoint.Load(this, path, _curve);
        for (int epoch = _curve.Count + 1; epoch <= _options.Epochs && !HasStalled(); epoch++)
        {
            long started = Stopwatch.GetTimestamp();
            double loss = TrainEpoch(epoch, cancellationToken);
            _average?.Swap();
            foreach (GraphParameter parameter in _functions) parameter.Refresh();
            Evaluation? judged = Validate(cancellationToken);
            _average?.Swap();
            EpochReport report = new(
                epoch, loss, judged?.Loss ?? double.NaN, judged?.Top1 ?? double.NaN, RateAt(_optimizer.Steps - 1), Stopwatch.GetElapsedTime(started).TotalSeconds);
            _curve.Add(report);
            if (_options.Checkpoint is not null) TrainingCheckpoint.Save(this, _options.Checkpoint);
            progress?.Report(report);
        }

        _average?.Swap();
        foreach (GraphParameter parameter in _functions) parameter.Refresh();
        return _curve;
    }

    /// <summary>Runs batches forward only, so that batch-normalization statistics follow the weights as they are now.</summary>
    /// <param name="batches">How many; more than there are in an epoch are cut to that.</param>
    public void ReestimateStatistics(int batches)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batches);
        _feeder.Start(0);
        for (int i = 0; i < Math.Min(batches, _feeder.BatchesPerEpoch); i++)
        {
            _feeder.Next(0, i).Inputs.CopyTo(_plan.Input(0));
            _plan.Forward(RandomStream.Derive(_options.Seed, -i - 1));
        }
    }

    private double TrainEpoch(int epoch, CancellationToken cancellationToken)
    {
        _feeder.Start(epoch);
        double total = 0;
        for (int i = 0; i < _feeder.BatchesPerEpoch; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            BatchFeeder.PreparedBatch batch = _feeder.Next(epoch, i);
            batch.Inputs.CopyTo(_plan.Input(0));
            _plan.Forward(RandomStream.Derive(_options.Seed, _optimizer.Steps));
            LossTargets targets = _options.Loss.UsesLabels ? new LossTargets(batch.Labels) : new LossTargets(batch.Targets);
            double loss = _options.Loss.Compute(_plan.Output(0), Batch, targets, _plan.OutputGradient(0));
            if (!double.IsFinite(loss)) throw new TrainingDivergedException(epoch, _optimizer.Steps + 1, loss);
            total += loss;
            _plan.Backward();
            Regularise();
            ClipGradients();
            _optimizer.Step(RateAt(_optimizer.Steps));
            foreach (GraphParameter parameter in _functions) parameter.Function!.AfterUpdate();
            _average?.Update(_optimizer.Steps);
        }

        return total / _feeder.BatchesPerEpoch;
    }

    private double RateAt(long step) => _options.LearningRate * _options.Schedule.FactorAt(step, (long)_feeder.BatchesPerEpoch * _options.Epochs);

    private void Regularise()
    {
        if (_options.L1 == 0 && _options.L2 == 0) return;
        foreach (TrainedTensor tensor in Tensors)
        {
            if (!tensor.DecaysWeights) continue;
            float[] w = tensor.Values;
            float[] g = tensor.Gradient;
            for (int i = 0; i < w.Length; i++) g[i] += (_options.L2 * w[i]) + (w[i] > 0 ? _options.L1 : w[i] < 0 ? -_options.L1 : 0);
        }
    }

    private void ClipGradients()
    {
        if (_options.GradientClip == 0) return;
        double squares = 0;
        foreach (TrainedTensor tensor in Tensors) squares += TensorPrimitives.SumOfSquares<float>(tensor.Gradient);
        double norm = Math.Sqrt(squares);
        if (norm <= _options.GradientClip) return;
        float factor = (float)(_options.GradientClip / norm);
        foreach (TrainedTensor tensor in Tensors) TensorPrimitives.Multiply(tensor.Gradient, factor, tensor.Gradient);
    }

    private Evaluation? Validate(CancellationToken cancellationToken) => _validation is null
        ? null
        : new Evaluator(_graph, _validation.SampleShape, _preprocessing, _threads, Math.Min(Batch, _validation.Count)).Run(_validation, null, cancellationToken);

    private bool HasStalled()
    {
        if (_options.Patience == 0 || _validation is null || _curve.Count <= _options.Patience) return false;
        double best = _curve.Take(_curve.Count - _options.Patience).Min(report => report.ValidationLoss);
        return _curve.Skip(_curve.Count - _options.Patience).All(report => !(report.ValidationLoss < best));
    }
}
