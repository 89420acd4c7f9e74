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
    private readonly Loss _loss;
    private readonly KernelThreads _threads;
    private readonly TrainingPlan _plan;
    private readonly TeacherAnswers? _teacher;
    private readonly BatchFeeder _feeder;
    private readonly Optimizer _optimizer;
    private readonly WeightAverage? _average;
    private readonly BestWeights? _best;
    private readonly long _validationBytes;
    private readonly GraphParameter[] _functions;
    private readonly List<EpochReport> _curve = [];

    /// <summary>Plans the training. Attach parameter functions to the graph before; a teacher's weights are taken as they are now.</summary>
    /// <param name="graph">A model with one binary32 input; its first output is trained.</param>
    /// <param name="train">What is trained on.</param>
    /// <param name="validation">What is judged by after each epoch; null for nothing.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="options">How to train.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <param name="maxBytes">What the training may take beside weights and data; more is refused before it is allocated.</param>
    /// <exception cref="DataMismatchException">The batch is larger than the data, or data, loss, teacher and model do not fit each other; the message shows both.</exception>
    /// <exception cref="UnsupportedModelException">Operators of the model have no gradient, or it has no weights.</exception>
    /// <exception cref="ResourceLimitException">The training would take more memory than there is or than is allowed.</exception>
    public Trainer(
        ExecutableGraph graph, SampleSet train, SampleSet? validation, Preprocessing preprocessing, TrainingOptions options, KernelThreads threads, long maxBytes = long.MaxValue)
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
        options.Teacher?.CheckFit(graph, train, preprocessing, batch, threads);
        _loss = (options.Teacher is { } teacher ? new DistillationLoss(options.Loss, teacher.Temperature, teacher.Soft, teacher.GivesLabels) : options.Loss).ForAnswersOf(graph);
        (_graph, _validation, _preprocessing, _options, _threads) = (graph, validation is { Count: > 0 } ? validation : null, preprocessing, options, threads);
        Batch = batch;
        Tensors = [.. graph.Parameters.Where(parameter => parameter.IsTrainable).SelectMany(parameter => parameter.Stored)];
        if (Tensors.Count == 0) throw new UnsupportedModelException(graph.Source, ["there is no weight that could be trained"]);
        _functions = [.. graph.Parameters.Where(parameter => parameter.IsTrainable && parameter.Function is not null)];
        _optimizer = options.Optimizer();
        long stateBytes = StateBytes(train);
        if (stateBytes > maxBytes)
            throw new ResourceLimitException($"{graph.Source}: gradients, {_optimizer.GetType().Name} and batches take {stateBytes / 1e6:N1} MB, {maxBytes / 1e6:N1} MB are left for them.");
        TensorShape sample = preprocessing.InputShape(train.SampleShape);
        _plan = new TrainingPlan(graph, InputBatch.ShapesFor(graph, sample, batch), PlanPurpose.Training, threads, maxBytes - stateBytes);
        CheckOutput(train);
        MemoryBytes = stateBytes + _plan.MemoryBytes;
        if (options.Teacher is not null)
        {
            _teacher = new TeacherAnswers(options.Teacher.Graph, InputBatch.ShapesFor(options.Teacher.Graph, sample, batch), threads, maxBytes - MemoryBytes);
            MemoryBytes += _teacher.MemoryBytes;
        }

        _validationBytes = maxBytes - MemoryBytes;
        _feeder = new BatchFeeder(train, preprocessing, options.Augmentation, batch, options.Seed);
        _optimizer.Attach(Tensors);
        foreach (TrainingConstraint constraint in options.Constraints) constraint.Attach(Tensors);
        _average = options.AverageDecay > 0 ? new WeightAverage(Tensors, options.AverageDecay) : null;
        _best = KeepsBest ? new BestWeights(Tensors, graph) : null;
        Identity = TrainingIdentity.Of(this, options, train, preprocessing);
    }

    /// <summary>Samples of one step.</summary>
    public int Batch { get; }

    /// <summary>What is stored and trained, in a fixed order.</summary>
    public IReadOnlyList<TrainedTensor> Tensors { get; }

    /// <summary>Epochs so far, those of a resumed checkpoint included.</summary>
    public IReadOnlyList<EpochReport> Curve => _curve;

    /// <summary>Bytes of gradients, optimizer, averages, batches and intermediate results, beside weights and data.</summary>
    public long MemoryBytes { get; }

    internal Optimizer Optimizer => _optimizer;

    internal WeightAverage? Average => _average;

    internal BestWeights? Best => _best;

    internal ExecutableGraph Graph => _graph;

    /// <summary>What decides the result, by name: a checkpoint of anything else is not taken up.</summary>
    internal IReadOnlyDictionary<string, string> Identity { get; }

    private bool KeepsBest => _options.Patience > 0 && _validation is not null;

    /// <summary>
    /// Trains to the last epoch, or with patience until validation stops getting better. Afterwards the graph holds the trained weights (their average, where one
    /// is kept), with patience those of the epoch with the lowest validation loss.
    /// </summary>
    /// <exception cref="TrainingDivergedException">The loss or the weights are no longer numbers; the checkpoint of the last epoch, where one is kept, is good.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the last checkpoint is good.</exception>
    /// <param name="progress">Told of each epoch after its checkpoint is kept.</param>
    /// <param name="steps">Told of each step.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    public IReadOnlyList<EpochReport> Run(
        IProgress<EpochReport>? progress = null, IProgress<TrainingStep>? steps = null, CancellationToken cancellationToken = default)
    {
        if (_options.Checkpoint is { } path && File.Exists(path)) TrainingCheckpoint.Load(this, path, _curve);
        SettleConstraints();
        for (int epoch = _curve.Count + 1; epoch <= _options.Epochs && !HasStalled(); epoch++)
        {
            long started = Stopwatch.GetTimestamp();
            double loss = TrainEpoch(epoch, steps, cancellationToken);
            SwapAverage();
            foreach (GraphParameter parameter in _functions) parameter.Refresh();
            Evaluation? judged = Validate(cancellationToken);
            CheckFinite(epoch, judged);
            if (judged is not null && !_curve.Exists(before => before.ValidationLoss <= judged.Loss)) _best?.Keep();
            SwapAverage();
            EpochReport report = new(
                epoch, loss, judged?.Loss ?? double.NaN, judged?.Top1 ?? double.NaN, RateAt(_optimizer.Steps - 1), Stopwatch.GetElapsedTime(started).TotalSeconds);
            _curve.Add(report);
            if (_options.Checkpoint is not null) TrainingCheckpoint.Save(this, _options.Checkpoint);
            progress?.Report(report);
        }

        _average?.Swap();
        if (_curve.Count > 0) _best?.Restore();
        SettleConstraints();
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

    private double TrainEpoch(int epoch, IProgress<TrainingStep>? steps, CancellationToken cancellationToken)
    {
        _feeder.Start(epoch);
        double total = 0;
        for (int i = 0; i < _feeder.BatchesPerEpoch; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            BatchFeeder.PreparedBatch batch = _feeder.Next(epoch, i);
            batch.Inputs.CopyTo(_plan.Input(0));
            _plan.Forward(RandomStream.Derive(_options.Seed, _optimizer.Steps));
            double loss = _loss.Compute(_plan.Output(0), Batch, TargetsOf(batch), _plan.OutputGradient(0));
            if (!double.IsFinite(loss)) throw new TrainingDivergedException(FormattableString.Invariant($"the loss is {loss}"), epoch, _optimizer.Steps + 1);
            total += loss;
            _plan.Backward();
            Regularise();
            ClipGradients();
            double rate = RateAt(_optimizer.Steps);
            _optimizer.Step(rate);
            foreach (TrainingConstraint constraint in _options.Constraints) constraint.Apply(rate, Progress);
            foreach (GraphParameter parameter in _functions) parameter.Function!.AfterUpdate();
            _average?.Update(_optimizer.Steps);
            steps?.Report(new TrainingStep(epoch, i + 1, _feeder.BatchesPerEpoch, total / (i + 1)));
        }

        SettleConstraints();
        return total / _feeder.BatchesPerEpoch;
    }

    private LossTargets TargetsOf(BatchFeeder.PreparedBatch batch)
    {
        if (_teacher is not null) return new LossTargets(batch.Labels, _teacher.Of(batch.Inputs));
        return _loss.UsesLabels ? new LossTargets(batch.Labels) : new LossTargets(batch.Targets);
    }

    private long StepsOfAll => (long)_feeder.BatchesPerEpoch * _options.Epochs;

    private double Progress => StepsOfAll == 0 ? 0 : (double)_optimizer.Steps / StepsOfAll;

    private double RateAt(long step) => _options.LearningRate * _options.Schedule.FactorAt(step, StepsOfAll);

    private void SwapAverage()
    {
        if (_average is null) return;
        _average.Swap();
        SettleConstraints();
    }

    private void SettleConstraints()
    {
        foreach (TrainingConstraint constraint in _options.Constraints) constraint.Settle(Progress);
    }

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
        : new Evaluator(_graph, _validation.SampleShape, _preprocessing, _threads, Math.Min(Batch, _validation.Count), _validationBytes).Run(_validation, null, cancellationToken);

    // What is not a number must not reach a checkpoint.
    private void CheckFinite(int epoch, Evaluation? judged)
    {
        if (judged is not null && !double.IsFinite(judged.Loss))
            throw new TrainingDivergedException(FormattableString.Invariant($"the validation loss is {judged.Loss}"), epoch, _optimizer.Steps);
        foreach (TrainedTensor tensor in Tensors)
        {
            if (tensor.Values.Length > 0 && !float.IsFinite(TensorPrimitives.MaxMagnitude<float>(tensor.Values)))
                throw new TrainingDivergedException($"'{tensor.Name}' holds values that are no numbers", epoch, _optimizer.Steps);
        }
    }

    private long StateBytes(SampleSet train)
    {
        long stored = Tensors.Sum(tensor => tensor.Shape.ElementCount);
        long copies = 1 + _optimizer.ArraysPerTensor + (_options.AverageDecay > 0 ? 1 : 0) + (KeepsBest ? 1 : 0);
        return sizeof(float) * ((stored * copies) + (BatchFeeder.Buffers * Batch * train.SampleShape.ElementCount));
    }

    private void CheckOutput(SampleSet train)
    {
        if (_graph.Outputs.Count == 0) throw new DataMismatchException($"{_graph.Source} has no output to train.");
        long outputs = _plan.OutputShape(0).ElementCount / Batch;
        if (train.HasLabels && train.ClassCount > outputs) throw new DataMismatchException($"{train.Name} has {train.ClassCount} classes, {_graph.Source} has {outputs} outputs.");
        if (!train.HasLabels && train.TargetShape.ElementCount != outputs)
            throw new DataMismatchException($"{train.Name} has targets of {train.TargetShape}, {_graph.Source} has {outputs} outputs.");
    }

    private bool HasStalled()
    {
        if (!KeepsBest || _curve.Count <= _options.Patience) return false;
        double best = _curve.Take(_curve.Count - _options.Patience).Min(report => report.ValidationLoss);
        return _curve.Skip(_curve.Count - _options.Patience).All(report => !(report.ValidationLoss < best));
    }
}
