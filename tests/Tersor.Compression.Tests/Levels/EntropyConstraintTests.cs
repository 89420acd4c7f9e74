using Tersor.Compression.Levels;
using Tersor.Compression.Recipes;
using Tersor.Compression.Recipes.Steps;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Levels;

public sealed class EntropyConstraintTests : IDisposable
{
    private static readonly HashSet<string> Weights = ["fc1.weight", "fc2.weight", "fc3.weight"];
    private static readonly SampleSet Digits = GeneratedDigits.Generate(700, seed: 2, isTest: false);
    private static readonly TrainingRecipe Short = TrainingRecipe.FineTuning with { Epochs = 4, LearningRate = 0.02, Batch = 8 };
    private static readonly Lazy<OnnxGraph> Trained = new(Train);

    private readonly TemporaryFolder _folder = new();
    private readonly KernelThreads _threads = new(2);

    public void Dispose()
    {
        _folder.Dispose();
        _threads.Dispose();
    }

    [Theory]
    [InlineData(3, 1.2, false)]
    [InlineData(4, 0.9, false)]
    [InlineData(6, 1.8, true)]
    public void Levels_end_at_the_entropy_that_was_asked_for(int bits, double entropy, bool adaptiveRounding)
    {
        NetworkState state = new QuantizeStep { Bits = bits, Entropy = entropy, AdaptiveRounding = adaptiveRounding, Training = Short }.Apply(new NetworkState(Trained.Value), Session());
        Assert.Equal(entropy, LevelEntropy.MeanOf(state.Graph, Weights), 0.02 * entropy);
        Assert.InRange(Session().Judge(state).Top1, 0.35, 1);
    }

    [Fact]
    public void An_average_of_weights_ends_at_the_entropy_too()
    {
        NetworkState state = new QuantizeStep { Bits = 3, Entropy = 1, Training = Short with { AverageDecay = 0.95 } }.Apply(new NetworkState(Trained.Value), Session());
        Assert.Equal(1, LevelEntropy.MeanOf(state.Graph, Weights), 0.02);
    }

    [Fact]
    public void A_limit_that_rounding_keeps_puts_no_price_on_bits()
    {
        EntropyConstraint limit = new(3);
        FakeQuantizedParameter weight = limit.Add(Weight([-0.6f, 0.4f, 0.6f, 1.4f]));
        limit.Attach([]);
        limit.Settle(1);
        Assert.Equal((0, 1.5), (limit.Price, limit.Entropy));
        Assert.Equal(5.8f / 12, weight.Step, 1e-6f);
    }

    [Fact]
    public void Zeros_of_a_pruned_network_stay_and_count()
    {
        NetworkState pruned = new PruneStep { Sparsity = 0.8 }.Apply(new NetworkState(Trained.Value), Session());
        NetworkState state = new QuantizeStep { Bits = 3, Entropy = 0.7, Training = Short }.Apply(pruned, Session());
        Assert.Equal(0.7, LevelEntropy.MeanOf(state.Graph, Weights), 0.014);
        foreach (string name in Weights) Assert.DoesNotContain(Values(pruned, name).Zip(Values(state, name)), pair => pair.First == 0 && pair.Second != 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(200)]
    public void Stopped_anywhere_it_ends_with_the_same_bytes_on_any_number_of_threads(int steps)
    {
        QuantizeStep step = new() { Bits = 3, Entropy = 0.9, Training = Short with { AverageDecay = 0.9 } };
        byte[] whole = Bytes(step.Apply(new NetworkState(Trained.Value), Session()));
        using CancellationTokenSource stop = new();
        Assert.ThrowsAny<OperationCanceledException>(() => step.Apply(new NetworkState(Trained.Value), Session(_folder["."], null, new StopAfter(steps, stop), stop.Token)));
        using KernelThreads one = new(1);
        Assert.Equal(whole, Bytes(step.Apply(new NetworkState(Trained.Value), Session(_folder["."], one))));
    }

    /// <summary>
    /// By hand: -0.6, 0.4, 0.6, 1.4 are -1, 1, 1, 3 at the best step, 5.8 / 12, with squared errors of 0.037 in place of the 0.074 of -1, 1, 1, 2 at 4.4 / 7: 1.5 bits a weight. Where bits are dear, all take the most common level.
    /// </summary>
    [Fact]
    public void Levels_of_a_layer_are_counted_as_they_would_be_chosen()
    {
        FakeQuantizedParameter weight = Weight([-0.6f, 0.4f, 0.6f, 1.4f]);
        LayerLevels levels = new(weight);
        float[] run = new float[4];
        levels.Read();
        levels.FindStep();
        Assert.Equal(6, levels.BitsAt(0), 1e-12);
        levels.Choose();
        weight.Forward(run);
        Assert.Equal([-1, 1, 1, 3], run.Select(value => MathF.Round(value / (5.8f / 12), 4)));
        Assert.Equal(0, levels.BitsAt(100), 1e-12);
        levels.Choose();
        weight.Forward(run);
        Assert.Single(run.Distinct());
    }

    /// <summary>
    /// By hand: at the step that is, 1.5 / sqrt(3), these are -1, 0, 1, 2, which suit 4 / 6 best; there they are -1, 1, 1, 2, which suit 4.4 / 7. No step within two percent suits them better then, though 5.8 / 12 would.
    /// </summary>
    [Fact]
    public void The_step_follows_the_choices_and_goes_no_further()
    {
        FakeQuantizedParameter weight = Weight([-0.6f, 0.4f, 0.6f, 1.4f]);
        LayerLevels levels = new(weight);
        foreach (float expected in (float[])[4f / 6, 4.4f / 7, 4.4f / 7])
        {
            levels.Read();
            levels.MoveStep(0);
            levels.BitsAt(0);
            levels.Choose();
            Assert.Equal(expected, weight.Step, 1e-6f);
        }
    }

    [Fact]
    public void The_step_gets_finer_where_bits_cost_nothing()
    {
        FakeQuantizedParameter weight = Weight([.. Enumerable.Range(-1000, 2001).Select(i => (float)(-Math.Sign(i) * Math.Log(1 - (Math.Abs(i) / 1001.0))))]);
        LayerLevels levels = new(weight);
        levels.Read();
        levels.FindStep();
        levels.BitsAt(0);
        levels.Choose();
        float best = weight.Step;
        weight.Stored[1].Values[0] = 2 * best;
        for (int i = 0; i < 50; i++)
        {
            levels.Read();
            levels.MoveStep(0);
            levels.BitsAt(0);
            levels.Choose();
        }

        Assert.Equal(best, weight.Step, 0.03f * best);
    }

    [Theory]
    [InlineData(0.168f, 0.9)]
    [InlineData(0.0408f, 0.925)]
    [InlineData(3f, 0.5)]
    public void A_network_that_is_on_levels_begins_with_them(float step, double zeros)
    {
        Random random = new(1);
        float[] onLevels = [.. Enumerable.Range(0, 2304).Select(_ => random.NextDouble() < zeros ? 0 : step * random.Next(-4, 4))];
        EntropyConstraint limit = new(3);
        FakeQuantizedParameter weight = limit.Add(Weight(onLevels));
        limit.Attach([]);
        Assert.Equal(step, weight.Step, step * 1e-4f);
    }

    [Theory]
    [InlineData("steps: [quantize: {bits: 3, entropy: 3.5}]", "'entropy' of quantize is a number of 0.01 to 3")]
    [InlineData("steps: [quantize: {entropy: 0}]", "'entropy' of quantize is a number of 0.01 to 4")]
    [InlineData("steps: [quantize: {entropy: low}]", "'entropy' of quantize is a number of 0.01 to 4")]
    public void An_entropy_that_levels_cannot_have_is_refused(string yaml, string problem) =>
        Assert.Equal([$"line 1: {problem}"], Assert.Throws<RecipeException>(() => Recipe.Parse(yaml, "r.yaml")).Problems);

    [Fact]
    public void Patience_is_refused_which_would_go_back_to_a_higher_entropy() =>
        Assert.Contains("patience", Assert.Single(new QuantizeStep { Entropy = 1, Training = Short with { Patience = 2 } }.Check(Trained.Value, Session())), StringComparison.Ordinal);

    private static OnnxGraph Train()
    {
        using KernelThreads threads = new(2);
        RecipeSession session = new(Digits.Take(600), Digits.Select("held out", [.. Enumerable.Range(600, 100)]), Preprocessing.Default, threads);
        NetworkBuilder net = new("small", 5, 1, 28, 28);
        string hidden = net.Relu("relu1", net.Dense("fc1", net.Flatten("flatten", net.MaxPool("pool", net.Input, 2, 2)), 40));
        OnnxGraph graph = net.Build(net.Dense("fc3", net.Relu("relu2", net.Dense("fc2", hidden, 30)), 10));
        return new TrainStep { Training = Short with { Epochs = 6, LearningRate = 0.05 } }.Apply(new NetworkState(graph), session).Graph;
    }

    private static FakeQuantizedParameter Weight(float[] values)
    {
        NetworkBuilder net = new("one", 1, 1, 1, values.Length);
        Engine.Graphs.ExecutableGraph graph = Engine.Graphs.ExecutableGraph.Create(net.Build(net.Dense("fc", net.Flatten("flatten", net.Input), 1)));
        Engine.Graphs.GraphParameter parameter = graph.FindParameter("fc.weight")!;
        values.CopyTo(parameter.Values, 0);
        return new FakeQuantizedParameter(parameter, bits: 3);
    }

    private static float[] Values(NetworkState state, string name) => state.Graph.Initializers.First(tensor => tensor.Name == name).ReadSingles();

    private static byte[] Bytes(NetworkState state)
    {
        using MemoryStream bytes = new();
        state.Graph.WriteTo(bytes);
        return bytes.ToArray();
    }

    private RecipeSession Session(string? folder = null, KernelThreads? threads = null, IRecipeObserver? observer = null, CancellationToken cancellation = default) =>
        new(Digits.Take(600), Digits.Select("held out", [.. Enumerable.Range(600, 100)]), Preprocessing.Default, threads ?? _threads, seed: 1, folder, observer, cancellationToken: cancellation);

    private sealed class StopAfter(int steps, CancellationTokenSource stop) : IRecipeObserver
    {
        private int _steps;

        public void Note(string line)
        {
        }

        public void TrainingBegins(string name, TrainingRecipe training, int batch, int samples)
        {
        }

        public void StepBegins(int number, int count, RecipeStep begun)
        {
        }

        public void StepEnds(StepReport report)
        {
        }

        public void Report(EpochReport value)
        {
        }

        public void Report(TrainingStep value)
        {
            if (++_steps == steps) stop.Cancel();
        }
    }
}
