using System.Security.Cryptography;
using System.Text;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>What the steps of a recipe work with: data, threads, and where progress and checkpoints go.</summary>
public sealed class RecipeSession
{
    private const int EvaluationBatch = 256;

    // A third of the rate each time: twice that is an order of magnitude.
    private const int MostRetries = 2;
    private const double RetryFactor = 1.0 / 3;

    private readonly RecipeTeachers _teachers = new();
    private readonly string? _folder;
    private readonly IRecipeObserver? _observer;
    private readonly long _maxBytes;
    private string _identity;
    private string _place = "step";

    /// <summary>Takes the data.</summary>
    /// <param name="train">What is trained on, and what importances are measured on.</param>
    /// <param name="validation">Held out of it: what choices are judged by.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="threads">Where kernels run; results do not depend on how many.</param>
    /// <param name="seed">Decides order, augmentation and all that is left to chance.</param>
    /// <param name="folder">Where checkpoints are kept, so that a run goes on where another was stopped; null for nowhere.</param>
    /// <param name="observer">Told how far the work is; null for nobody.</param>
    /// <param name="maxBytes">What a training may take beside weights and data; more is refused before it is allocated.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    public RecipeSession(
        SampleSet train,
        SampleSet validation,
        Preprocessing preprocessing,
        KernelThreads threads,
        ulong seed = 0,
        string? folder = null,
        IRecipeObserver? observer = null,
        long maxBytes = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(threads);
        (Train, Validation, Preprocessing, Threads, Seed, CancellationToken) = (train, validation, preprocessing, threads, seed, cancellationToken);
        (_folder, _observer, _maxBytes) = (folder, observer, maxBytes);
        _identity = Digest(string.Join('\n', train.Name, train.Count, validation.Count, seed, string.Join(';', preprocessing.ToMetadata())));
    }

    /// <summary>What is trained on.</summary>
    public SampleSet Train { get; }

    /// <summary>Held out of the train set.</summary>
    public SampleSet Validation { get; }

    /// <summary>How samples become inputs.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>Where kernels run.</summary>
    public KernelThreads Threads { get; }

    /// <summary>Decides all that is left to chance.</summary>
    public ulong Seed { get; }

    /// <summary>Looked at all along.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Multiply-adds for a sample of the network that the recipe began with; null where a step runs without a recipe.</summary>
    public long? FirstMultiplyAdds { get; private set; }

    /// <summary>Train samples drawn by the seed, for importances; all where there are fewer.</summary>
    public SampleSet Draw(int samples)
    {
        if (samples >= Train.Count) return Train;
        int[] order = [.. Enumerable.Range(0, Train.Count)];
        new RandomStream(Seed, "importance samples").Shuffle<int>(order);
        return Train.Select(Train.Name, order[..samples]);
    }

    /// <summary>How well a network does on the held-out samples.</summary>
    public Evaluation Judge(NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Judge(ExecutableGraph.Create(state.Graph), Validation);
    }

    /// <summary>How well a network does on samples.</summary>
    public Evaluation Judge(ExecutableGraph graph, SampleSet samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return new Evaluator(graph, samples.SampleShape, Preprocessing, Threads, Math.Max(1, Math.Min(EvaluationBatch, samples.Count))).Run(samples, null, CancellationToken);
    }

    /// <summary>Says something that the user should know.</summary>
    public void Note(string line) => _observer?.Note(line);

    /// <summary>
    /// A part of a step: done once, kept in the folder, and taken from there by a later run of the same recipe on the same network and data.
    /// </summary>
    /// <param name="name">The part among those of its step, such as <c>round-2</c>.</param>
    /// <param name="before">The network before it.</param>
    /// <param name="work">Makes the network after it.</param>
    public NetworkState Part(string name, NetworkState before, Func<NetworkState, NetworkState> work)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(work);
        _identity = Digest(_identity + '\n' + name);
        string identity = _identity;
        string? path = _folder is null ? null : Path.Combine(_folder, $"{_place}-{name}.onnx");
        if (path is not null && NetworkState.TryLoad(path, identity) is { } kept)
        {
            Note($"{_place} {name}: taken from {path}");
            return kept;
        }

        NetworkState after = work(before);
        if (path is null) return after;
        after.Save(path, identity);
        File.Delete(CheckpointPath(name)!);
        return after;
    }

    /// <summary>
    /// Trains a network, under what was decided about its weights, and keeps the epochs. A training that diverges is rolled back and tried again at a third of the rate, and at a ninth.
    /// </summary>
    /// <param name="state">The network before; not changed.</param>
    /// <param name="training">How.</param>
    /// <param name="name">The part of the step that trains, for the checkpoint.</param>
    /// <param name="function">What the weights are functions of, in place of what was decided about them; null from it leaves that.</param>
    /// <param name="constraints">What acts on the weights after each step of the optimizer.</param>
    /// <exception cref="TrainingDivergedException">It diverged at all rates.</exception>
    public NetworkState Fit(
        NetworkState state, TrainingRecipe training, string name, Func<GraphParameter, ParameterFunction?>? function = null, params IReadOnlyList<TrainingConstraint> constraints)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(training);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return FitOnce(state, training, attempt == 0 ? name : $"{name}-again-{attempt}", function, constraints);
            }
            catch (TrainingDivergedException diverged) when (attempt < MostRetries)
            {
                training = training with { LearningRate = training.LearningRate * RetryFactor };
                Note(FormattableString.Invariant($"{_place} {name}: {diverged.Message} Rolled back to the network before; tried again with learning rate {training.LearningRate:G3}."));
            }
        }
    }

    /// <summary>About how many seconds a pass over the train set takes, from a few steps of training on a copy of the network, with its batches and its teacher.</summary>
    /// <param name="graph">The network; not changed.</param>
    /// <param name="training">The training that is meant.</param>
    /// <param name="first">The network at the beginning of the recipe, which may teach.</param>
    public double EstimateEpoch(OnnxGraph graph, TrainingRecipe training, OnnxGraph first)
    {
        ArgumentNullException.ThrowIfNull(training);
        const int FewSamples = 512;
        SampleSet few = Train.Take(Math.Min(Train.Count, Math.Max(FewSamples, training.Batch)));
        TrainingRecipe brief = TrainingRecipe.FineTuning with { Epochs = 2, Batch = Math.Min(training.Batch, few.Count), Teacher = training.Teacher };
        ExecutableGraph? teacher = brief.Teacher is { } named ? _teachers.Of(named, first) : null;
        Trainer trainer = new(ExecutableGraph.Create(graph), few, null, Preprocessing, brief.ToOptions(Seed, Train.HasLabels, teacher: teacher), Threads, _maxBytes);
        return trainer.Run(null, null, CancellationToken)[^1].Seconds * Train.Count / few.Count;
    }

    /// <summary>What keeps the teacher of a step's training from teaching a network; none where it can, or where there is none.</summary>
    internal IEnumerable<string> CheckTeacher(RecipeStep step, OnnxGraph graph) => step.Training is { Teacher: not null } training ? _teachers.Check(training, graph, this) : [];

    /// <summary>Begins a step: parts are kept under its place, and depend on all before it.</summary>
    internal void Enter(int number, RecipeStep step)
    {
        _place = FormattableString.Invariant($"{number:00}-{step.Name}");
        _identity = Digest(_identity + '\n' + step.Describe());
        if (step.Training?.Teacher is { } teacher) _identity = Digest(_identity + '\n' + _teachers.Of(teacher).ToOnnx().Digest());
    }

    /// <summary>Makes all parts depend on the network that the recipe begins with.</summary>
    internal void Begin(NetworkState state)
    {
        FirstMultiplyAdds = LayerCost.MultiplyAddsOf(state.Graph);
        _teachers.Begin(state.Graph);
        _identity = Digest(_identity + '\n' + state.Graph.Digest());
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private string? CheckpointPath(string name) => _folder is null ? null : Path.Combine(_folder, $"{_place}-{name}.training");

    private NetworkState FitOnce(
        NetworkState state, TrainingRecipe training, string name, Func<GraphParameter, ParameterFunction?>? function, IReadOnlyList<TrainingConstraint> constraints)
    {
        ExecutableGraph graph = ExecutableGraph.Create(state.Graph);
        foreach (GraphParameter parameter in graph.Parameters)
        {
            if (parameter.IsTrainable) parameter.Function = function?.Invoke(parameter) ?? state.Constrain(parameter);
        }

        ExecutableGraph? teacher = training.Teacher is { } named ? _teachers.Of(named) : null;
        TrainingOptions options = training.ToOptions(RandomStream.Derive(Seed, _place + name), Train.HasLabels, CheckpointPath(name), teacher);
        options = options with { Settings = new Dictionary<string, string>(options.Settings, StringComparer.Ordinal) { ["recipe"] = _identity } };
        Trainer trainer = new(graph, Train, Validation, Preprocessing, options with { Batch = Math.Min(options.Batch, Train.Count), Constraints = constraints }, Threads, _maxBytes);
        IRecipeObserver? observer = _observer;
        observer?.TrainingBegins($"{_place} {name}", training, trainer.Batch, Train.Count / trainer.Batch * trainer.Batch);
        trainer.Run(observer, observer, CancellationToken);
        return state with { Graph = graph.ToOnnx() };
    }
}
