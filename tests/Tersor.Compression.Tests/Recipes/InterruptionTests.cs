using Tersor.Compression.Recipes;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Recipes;

/// <summary>A recipe with one of each step, stopped again and again at each place where something was kept, ends with the bytes of a run that was not.</summary>
public sealed class InterruptionTests : IDisposable
{
    private const string Yaml =
        """
        steps:
          - train: {epochs: 2, batch: 20}
          - group-lasso: {strength: 0.0001, multiple: 1, train: {epochs: 1, batch: 20}}
          - lottery-ticket: {rounds: 1, share: 0.3, rewind: early, train: {epochs: 2, batch: 20, average: 0.9}}
          - reinitialize
          - supermask: {share: 0.7, train: {epochs: 2, batch: 20}}
          - prune: {sparsity: 0.5, schedule: iterative, rounds: 2, regrow: true, train: {epochs: 2, batch: 20}}
          - prune: {pattern: "2:4", regrow: true, train: {epochs: 2, batch: 20, optimizer: adam}}
          - prune: {importance: lifelong-path, sparsity: 0.6, train: {epochs: 2, batch: 20}}
          - prune-channels: {share: 0.2, multiple: 1, rounds: 2, importance: taylor, train: {epochs: 1, batch: 20, patience: 1}}
          - prune-blocks: {multiply-adds: 0.95, samples: 40, train: {epochs: 1, batch: 20}}
          - share: {clusters: 4, weighting: fisher, train: {epochs: 2, batch: 20}}
          - quantize: {bits: 4, train: {epochs: 2, batch: 20}}
          - quantize: {bits: 3, entropy: 1, train: {epochs: 2, batch: 20, teacher: original, soft: 0.5}}
          - weight-agnostic
        """;

    private static readonly SampleSet Digits = GeneratedDigits.Generate(80, seed: 3, isTest: false);

    private readonly TemporaryFolder _folder = new();
    private readonly KernelThreads _threads = new(2);

    public void Dispose()
    {
        _folder.Dispose();
        _threads.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stopped_after_everything_that_was_kept_a_recipe_ends_with_the_same_bytes(bool isAfterParts)
    {
        Recipe recipe = Recipe.Parse(Yaml, "each step");
        Assert.Equal(RecipeSteps.All.Select(kind => kind.Name).Order(StringComparer.Ordinal), recipe.Steps.Select(step => step.Name).Distinct().Order(StringComparer.Ordinal));
        NetworkState network = new(Network());
        RecipeRun.Check(recipe, network.Graph, Session(folder: null, observer: null));
        byte[] whole = Bytes(RecipeRun.Run(recipe, network, Session(folder: null, observer: null)));
        string folder = _folder["work"];
        Directory.CreateDirectory(folder);
        int stops = 0;
        while (true)
        {
            StoppingObserver observer = new(folder, isAfterParts);
            try
            {
                byte[] resumed = Bytes(RecipeRun.Run(recipe, network, Session(folder, observer), observer));
                Assert.Equal(whole, resumed);
                break;
            }
            catch (OperationCanceledException)
            {
                stops++;
            }
        }

        Assert.Equal(isAfterParts ? StoppingObserver.PartsOf(folder) : recipe.Steps.Sum(step => step.EpochsFor(network.Graph, network.Graph)), stops);
    }

    private static OnnxGraph Network()
    {
        NetworkBuilder net = new("tiny", 5, 1, 28, 28);
        string hidden = net.Relu("relu1", net.Dense("fc1", net.Flatten("flatten", net.MaxPool("pool", net.Input, 2, 2)), 20));
        foreach (string block in (string[])["fc2", "fc3"]) hidden = net.Sum($"{block}.sum", hidden, net.Relu($"{block}.relu", net.Dense(block, hidden, 20)));
        return net.Build(net.Dense("fc4", hidden, 10));
    }

    private static byte[] Bytes(NetworkState state)
    {
        using MemoryStream bytes = new();
        state.Graph.WriteTo(bytes);
        return bytes.ToArray();
    }

    private RecipeSession Session(string? folder, IRecipeObserver? observer) =>
        new(Digits.Take(60), Digits.Select("held out", [.. Enumerable.Range(60, 20)]), Preprocessing.Default, _threads, seed: 1, folder, observer);

    // Stops as a crash would, right behind the first thing that this run has kept: an epoch of a training, or a part of a step.
    private sealed class StoppingObserver(string folder, bool isAfterParts) : IRecipeObserver
    {
        private readonly int _parts = PartsOf(folder);

        public static int PartsOf(string folder) => Directory.GetFiles(folder, "*.onnx").Length;

        public void Note(string line) => StopAfterPart();

        public void TrainingBegins(string name, TrainingRecipe training, int batch, int samples) => StopAfterPart();

        public void StepBegins(int number, int count, RecipeStep begun) => StopAfterPart();

        public void StepEnds(StepReport report) => StopAfterPart();

        public void Report(TrainingStep value)
        {
        }

        public void Report(EpochReport value)
        {
            if (!isAfterParts) throw new OperationCanceledException();
        }

        private void StopAfterPart()
        {
            if (isAfterParts && PartsOf(folder) > _parts) throw new OperationCanceledException();
        }
    }
}
