using Tersor.Compression.Blocks;
using Tersor.Compression.Pruning;
using Tersor.Compression.Recipes;
using Tersor.Compression.Recipes.Steps;
using Tersor.Compression.Tests.Channels;
using Tersor.Compression.Tickets;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Recipes;

public sealed class RecipeRunTests : IDisposable
{
    private const long BlockMultiplyAdds = 16 * 16;

    private static readonly SampleSet Digits = GeneratedDigits.Generate(700, seed: 2, isTest: false);
    private static readonly TrainingRecipe Short = TrainingRecipe.FineTuning with { Epochs = 2, LearningRate = 0.05, Batch = 32 };
    private static readonly Lazy<OnnxGraph> Trained = new(Train);

    private readonly TemporaryFolder _folder = new();
    private readonly KernelThreads _threads = new(2);
    private readonly List<string> _notes = [];

    public void Dispose()
    {
        _folder.Dispose();
        _threads.Dispose();
    }

    [Fact]
    public void What_was_pruned_stays_zero_through_all_later_steps()
    {
        Recipe recipe = Recipe.Of(
            new PruneStep { Sparsity = 0.9, Schedule = PruningSchedule.Cubic, Rounds = 2, Training = Short },
            new TrainStep { Training = Short },
            new QuantizeStep { Bits = 4, Training = Short });
        NetworkState state = RecipeRun.Run(recipe, new NetworkState(Trained.Value), Session());
        foreach (string name in (string[])["fc1.weight", "fc2.weight", "fc3.weight"])
        {
            float[] weights = Values(state, name);
            Assert.InRange(weights.Count(weight => weight == 0), 0.9 * weights.Length - 1, weights.Length);

            // Quantized: multiples of one step, with 15 values at most beside zero.
            float[] values = [.. weights.Distinct().Where(value => value != 0)];
            Assert.InRange(values.Length, 1, 15);
            float step = values.Min(MathF.Abs);
            Assert.All(values, value => Assert.Equal(MathF.Round(value / step), value / step, 1e-3));
        }

        Assert.InRange(Session().Judge(state).Top1, 0.5, 1);
    }

    [Fact]
    public void A_run_that_was_stopped_ends_with_the_same_bytes()
    {
        Recipe recipe = Recipe.Of(
            new PruneStep { Sparsity = 0.8, Schedule = PruningSchedule.Iterative, Rounds = 2, Regrows = true, Training = Short },
            new QuantizeStep { Bits = 3, Training = Short });
        byte[] whole = Bytes(RecipeRun.Run(recipe, new NetworkState(Trained.Value), Session()));
        for (int steps = 1; steps < 108; steps += 35)
        {
            string folder = _folder[$"stopped-{steps}"];
            Directory.CreateDirectory(folder);
            using CancellationTokenSource stop = new();
            Assert.ThrowsAny<OperationCanceledException>(
                () => RecipeRun.Run(recipe, new NetworkState(Trained.Value), Session(folder, new Observer(_notes, afterSteps: steps, stop), stop.Token)));
            Assert.Equal(whole, Bytes(RecipeRun.Run(recipe, new NetworkState(Trained.Value), Session(folder))));
        }
    }

    [Fact]
    public void Checkpoints_of_another_recipe_are_not_taken_up()
    {
        string folder = _folder["work"];
        Directory.CreateDirectory(folder);
        Recipe Pruning(double sparsity) => Recipe.Of(new PruneStep { Sparsity = sparsity });
        RecipeRun.Run(Pruning(0.5), new NetworkState(Trained.Value), Session(folder));
        byte[] expected = Bytes(RecipeRun.Run(Pruning(0.7), new NetworkState(Trained.Value), Session()));
        Assert.Equal(expected, Bytes(RecipeRun.Run(Pruning(0.7), new NetworkState(Trained.Value), Session(folder))));
        File.WriteAllBytes(_folder["work/01-prune-round-1.onnx"], [1, 2, 3]);
        Assert.Equal(expected, Bytes(RecipeRun.Run(Pruning(0.7), new NetworkState(Trained.Value), Session(folder))));
    }

    [Fact]
    public void A_training_that_diverges_is_rolled_back_and_tried_at_a_lower_rate()
    {
        Recipe recipe = Recipe.Of(new TrainStep { Training = Short with { LearningRate = 1e9, Schedule = ScheduleKind.Constant } });
        Assert.Throws<TrainingDivergedException>(() => RecipeRun.Run(recipe, new NetworkState(Trained.Value), Session(observer: new Observer(_notes))));
        Assert.Equal(2, _notes.Count(note => note.Contains("Rolled back", StringComparison.Ordinal)));
    }

    [Fact]
    public void All_that_keeps_steps_from_working_is_named_before_anything_runs()
    {
        Recipe recipe = Recipe.Of(
            new PruneStep { Sparsity = 1, Selection = new LayerSelection { Include = ["fc9"] } },
            new PruneStep { Rounds = 3, Regrows = true },
            new QuantizeStep { Selection = new LayerSelection { Include = ["("] } });
        RecipeException problem = Assert.Throws<RecipeException>(() => RecipeRun.Check(recipe, Trained.Value, Session()));
        Assert.Equal(5, problem.Problems.Count);
        Assert.Contains(problem.Problems, line => line.StartsWith("step 1, prune: 'fc9' matches no weight.", StringComparison.Ordinal));
        Assert.Contains(problem.Problems, line => line.StartsWith("step 1, prune: a sparsity of 1 leaves no weight", StringComparison.Ordinal));
        Assert.Contains(problem.Problems, line => line.StartsWith("step 3, quantize: '(' is not a usable regular expression", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pattern_of_two_in_four_holds_in_every_run()
    {
        NetworkState state = new PruneStep { PatternKeep = 2, PatternOf = 4 }.Apply(new NetworkState(Trained.Value), Session());
        float[] weights = Values(state, "fc1.weight");
        for (int i = 0; i < weights.Length; i += 4) Assert.InRange(weights.AsSpan(i, 4).ToArray().Count(weight => weight != 0), 0, 2);
        Assert.Equal(weights.Length / 2, weights.Count(weight => weight == 0));
    }

    [Fact]
    public void A_threshold_takes_what_is_within_so_many_deviations_of_each_layer()
    {
        PruneStep step = new() { Threshold = 1, Layers = new LayerValues(KeyValuePair.Create("fc3", 0.5)) };
        Assert.Empty(step.Check(Trained.Value, Session()));
        NetworkState state = step.Apply(new NetworkState(Trained.Value), Session());
        foreach ((string name, double deviations) in (ReadOnlySpan<(string, double)>)[("fc1.weight", 1), ("fc2.weight", 1), ("fc3.weight", 0.5)])
        {
            float[] before = Values(new NetworkState(Trained.Value), name);
            double mean = before.Average(weight => (double)weight);
            double deviation = Math.Sqrt(before.Average(weight => (weight - mean) * (weight - mean)));
            Assert.Equal(before.Select(weight => Math.Abs(weight) > deviations * deviation ? weight : 0), Values(state, name));
        }
    }

    [Fact]
    public void A_threshold_with_what_contradicts_it_is_refused()
    {
        PruneStep step = new() { Threshold = 1, Importance = WeightImportance.Fisher, Scope = PruningScope.Global, PatternKeep = 2, PatternOf = 4 };
        Assert.Equal(3, step.Check(Trained.Value, Session()).Count(problem => problem.Contains("drop", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_pattern_that_regrows_holds_at_the_end_with_other_weights_than_at_the_start()
    {
        PruneStep step = new() { PatternKeep = 2, PatternOf = 4, Regrows = true, Training = Short };
        Assert.Empty(step.Check(Trained.Value, Session()));
        float[] weights = Values(step.Apply(new NetworkState(Trained.Value), Session()), "fc1.weight");
        float[] held = Values((step with { Regrows = false, Training = null }).Apply(new NetworkState(Trained.Value), Session()), "fc1.weight");
        for (int i = 0; i < weights.Length; i += 4) Assert.InRange(weights.AsSpan(i, 4).ToArray().Count(weight => weight != 0), 0, 2);
        Assert.NotEqual(held.Select(weight => weight == 0), weights.Select(weight => weight == 0));
    }

    [Theory]
    [InlineData(WeightImportance.Magnitude)]
    [InlineData(WeightImportance.Fisher)]
    [InlineData(WeightImportance.Gradient)]
    [InlineData(WeightImportance.Taylor)]
    [InlineData(WeightImportance.Lifelong)]
    [InlineData(WeightImportance.LifelongUnlabelled)]
    public void Every_importance_beats_chance(WeightImportance importance)
    {
        double Loss(WeightImportance by) =>
            Session().Judge(new PruneStep { Importance = by, Sparsity = 0.7, Samples = 256 }.Apply(new NetworkState(Trained.Value), Session())).Loss;
        Assert.True(Loss(importance) < Loss(WeightImportance.Random));
    }

    [Fact]
    public void The_path_of_a_training_beats_chance_and_is_collected_before_each_pruning()
    {
        NetworkState untrained = new(NetworkArchitectures.Create("lenet-300-100", seed: 1));
        double Loss(WeightImportance by, NetworkState from) => Session().Judge(new PruneStep { Importance = by, Sparsity = 0.9, Rounds = 2, Training = Short }.Apply(from, Session())).Loss;
        Assert.True(Loss(WeightImportance.LifelongPath, untrained) < Loss(WeightImportance.Random, new TrainStep { Training = Short }.Apply(untrained, Session())));
        Assert.Equal(3 * Short.Epochs, new PruneStep { Importance = WeightImportance.LifelongPath, Rounds = 2, Training = Short }.EpochsFor(untrained.Graph, untrained.Graph));
    }

    [Fact]
    public void A_path_that_cannot_be_collected_is_refused()
    {
        PruneStep step = new() { Importance = WeightImportance.LifelongPath };
        Assert.Contains("collected in a training", Assert.Single(step.Check(Trained.Value, Session())), StringComparison.Ordinal);
        step = step with { Training = Short with { AverageDecay = 0.99 }, Regrows = true };
        Assert.Equal(2, step.Check(Trained.Value, Session()).Count());
        NetworkState shared = new ShareStep { Clusters = 4 }.Apply(new NetworkState(Trained.Value), Session());
        Assert.Contains("before share", Assert.Throws<RecipeException>(() => step.Apply(shared, Session())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ticket_keeps_the_initial_values_of_what_is_left()
    {
        OnnxGraph initial = NetworkArchitectures.Create("lenet-300-100", seed: 4);
        LotteryTicketStep step = new() { Rounds = 2, Share = 0.5, Training = Short with { LearningRate = 0 } };
        NetworkState ticket = step.Apply(new NetworkState(initial), Session());
        float[] before = Values(new NetworkState(initial), "fc1.weight");
        float[] after = Values(ticket, "fc1.weight");
        Assert.Equal(before.Length / 4, after.Count(weight => weight != 0));
        Assert.All(before.Zip(after), pair => Assert.True(pair.Second == 0 || pair.First == pair.Second));
    }

    [Fact]
    public void Signs_and_random_weights_come_under_the_mask_of_the_pruned_network()
    {
        OnnxGraph initial = NetworkArchitectures.Create("lenet-300-100", seed: 4);
        NetworkState pruned = new PruneStep { Sparsity = 0.75 }.Apply(new NetworkState(initial), Session());
        float[] mask = Values(pruned, "fc2.weight");
        float[] signs = Values(pruned with { Graph = TicketWeights.Signs(initial, pruned.Graph, pruned.Pruned) }, "fc2.weight");
        Assert.Equal(mask.Select(MathF.Sign), signs.Select(MathF.Sign));
        Assert.Equal(2, signs.Where(sign => sign != 0).Distinct().Count());
        float[] random = Values(new ReinitializeStep().Apply(pruned, Session()), "fc2.weight");
        Assert.Equal(mask.Select(weight => weight == 0), random.Select(weight => weight == 0));
        Assert.NotEqual(mask, random);
    }

    [Fact]
    public void Shared_weights_keep_few_values_through_later_training_and_zeros_stay()
    {
        Recipe recipe = Recipe.Of(
            new PruneStep { Sparsity = 0.8 },
            new ShareStep { Clusters = 8, IsFisherWeighted = true, Samples = 128, Training = Short with { LearningRate = 1e-3 } },
            new TrainStep { Training = Short with { LearningRate = 1e-3 } });
        NetworkState state = RecipeRun.Run(recipe, new NetworkState(Trained.Value), Session(_folder["."]));
        float[] weights = Values(state, "fc1.weight");
        Assert.InRange(weights.Distinct().Count(), 2, 9);
        Assert.InRange(weights.Count(weight => weight == 0), 0.8 * weights.Length - 1, weights.Length);
        Assert.InRange(Session().Judge(state).Top1, 0.3, 1);
    }

    [Fact]
    public void Cut_channels_leave_a_smaller_dense_network_whose_zeros_stay_in_later_training()
    {
        // Of 300 neurons 60 % are 180, which multiples of eight in two rounds make 192.
        Recipe recipe = Recipe.Of(
            new PruneStep { Sparsity = 0.5 },
            new PruneChannelsStep { Share = 0.4, Rounds = 2, Measure = ChannelMeasure.Taylor, Samples = 128, Training = Short });
        NetworkState state = RecipeRun.Run(recipe, new NetworkState(Trained.Value), Session());
        Assert.Equal(192, state.Graph.Initializers.First(tensor => tensor.Name == "fc1.weight").Shape[0]);
        float[] weights = Values(state, "fc2.weight");
        Assert.InRange(weights.Count(weight => weight == 0), 1, weights.Length - 1);
        Assert.InRange(Session().Judge(state).Top1, 0.5, 1);
    }

    [Fact]
    public void Training_from_scratch_for_the_same_compute_takes_more_epochs_of_a_smaller_network()
    {
        Recipe recipe = Recipe.Of(
            new PruneChannelsStep { Share = 0.5 }, new ReinitializeStep(), new TrainStep { HasSameCompute = true, Training = Short with { Epochs = 3 } });
        RecipeRun.Run(recipe, new NetworkState(Trained.Value), Session(observer: new Observer(_notes)));

        // Of 784-300-100-10 half stay, in eights: 784-152-56-10, 0.4817 of the multiply-adds.
        Assert.Contains("6 epochs in place of 3: the network takes 128,240 multiply-adds, the first 266,200", _notes);
    }

    [Fact]
    public void Blocks_go_whose_loss_costs_least_until_few_enough_multiply_adds_are_left()
    {
        OnnxGraph graph = ResidualNetwork();
        long before = MultiplyAdds(graph);
        PruneBlocksStep step = new() { MultiplyAdds = (double)(before - BlockMultiplyAdds - 1) / before, Samples = 200 };
        RecipeSession session = Session(observer: new Observer(_notes));
        Assert.Empty(step.Check(graph, session));
        NetworkState state = step.Apply(new NetworkState(graph), session);

        OnnxGraph expected = graph;
        for (int cut = 0; cut < 2; cut++)
        {
            OnnxGraph from = expected;
            expected = ResidualBranches.Find(from).Select(branch => ResidualBranches.Cut(from, branch)).MinBy(left => Session().Judge(ExecutableGraph.Create(left), session.Draw(200)).Loss)!;
        }

        Assert.Equal(expected.Digest(), state.Graph.Digest());
        Assert.Equal(before - (2 * BlockMultiplyAdds), MultiplyAdds(state.Graph));
        Assert.Equal(2, _notes.Count(note => note.StartsWith("without block", StringComparison.Ordinal)));
        Assert.Equal(MultiplyAdds(state.Graph), MultiplyAdds(step.Outline(graph)));
    }

    [Fact]
    public void Blocks_that_are_held_stay()
    {
        PruneBlocksStep step = new() { Selection = new LayerSelection { Exclude = ["block1", "block3"] }, MultiplyAdds = 0.0001 };
        Assert.Equal(["block2.weight", "block4.weight"], step.LayersOf(ResidualNetwork()));
        Assert.Contains("without all branches that may go 9", Assert.Single(step.Check(ResidualNetwork(), Session())), StringComparison.Ordinal);
        Assert.Contains("no residual branch of", Assert.Single(new PruneBlocksStep().Check(Trained.Value, Session())), StringComparison.Ordinal);
    }

    [Fact]
    public void Group_lasso_makes_channels_vanish_and_cuts_them()
    {
        NetworkState state = new GroupLassoStep { Strength = 0.2, Training = Short with { Epochs = 3 } }.Apply(new NetworkState(Trained.Value), Session());
        Assert.InRange(state.Graph.Initializers.First(tensor => tensor.Name == "fc1.weight").Shape[0], 1, 299);
        Assert.Throws<RecipeException>(() => new GroupLassoStep().Apply(new NetworkState(Trained.Value).WithPruned(["fc1.weight"]), Session()));
    }

    [Fact]
    public void A_supermask_learns_without_changing_a_weight()
    {
        OnnxGraph untrained = NetworkArchitectures.Create("lenet-300-100", seed: 9);
        NetworkState state = new SupermaskStep { Share = 0.5, Training = Short with { Epochs = 6, LearningRate = 0.1 } }.Apply(new NetworkState(untrained), Session());
        float[] drawn = Values(new NetworkState(untrained), "fc1.weight");
        float[] masked = Values(state, "fc1.weight");
        Assert.Equal(drawn.Length / 2, masked.Count(weight => weight == 0));
        Assert.All(drawn.Zip(masked), pair => Assert.True(pair.Second == 0 || Math.Abs(pair.Second - (pair.First * MathF.Sqrt(2))) < 1e-6));
        Assert.True(Session().Judge(state).Top1 > Session().Judge(new NetworkState(untrained)).Top1 + 0.2);
    }

    [Fact]
    public void One_value_for_all_weights_is_judged_and_changes_nothing()
    {
        NetworkState pruned = new PruneStep { Sparsity = 0.8 }.Apply(new NetworkState(Trained.Value), Session());
        RecipeSession session = Session(observer: new Observer(_notes));
        NetworkState after = new WeightAgnosticStep().Apply(pruned, session);
        Assert.Equal(Bytes(pruned), Bytes(after));
        Assert.Equal(6, _notes.Count);
        Assert.Contains(WeightAgnostic.Judge(pruned, ["fc1.weight"], keepsSigns: true, session), judged => judged.Top1 > 0.2);
    }

    /// <summary>The note on Deep Compression, section 2: half dropped, 9 % kept, gives 0.15.</summary>
    [Fact]
    public void Dropout_shrinks_with_the_connections_that_are_left()
    {
        NetworkBuilder net = new("dropped", 1, 1, 10, 10);
        string x = net.Dropout("drop", net.Flatten("flatten", net.Input), 0.5f);
        OnnxGraph graph = net.Build(net.Dense("fc", x, 10));
        float[] kept = [.. Values(new NetworkState(graph), "fc.weight").Select((weight, i) => i % 100 < 9 ? weight : 0)];
        OnnxGraph pruned = graph.WithInitializers(new Dictionary<string, Tensor> { ["fc.weight"] = new("fc.weight", new TensorShape(10, 100), kept) });
        Assert.Equal(0.15f, Values(new NetworkState(DropoutAdjustment.Apply(graph, pruned)), "drop.ratio")[0], 1e-6f);
    }

    private static OnnxGraph Train()
    {
        using KernelThreads threads = new(2);
        RecipeSession session = new(Digits.Take(600), Digits.Select("held out", [.. Enumerable.Range(600, 100)]), Preprocessing.Default, threads);
        return new TrainStep { Training = Short with { Epochs = 4 } }.Apply(new NetworkState(NetworkArchitectures.Create("lenet-300-100", seed: 1)), session).Graph;
    }

    private static long MultiplyAdds(OnnxGraph graph) => LayerCost.Measure(graph).Sum(layer => layer.MultiplyAdds);

    // 784-16, four blocks of x + relu(x W), 16-10.
    private static OnnxGraph ResidualNetwork()
    {
        SmallNetworks net = new(8, 1, 28, 28);
        string x = net.Dense("in", net.Flatten("flat", net.Input), 16);
        for (int block = 1; block <= 4; block++) x = net.Binary($"sum{block}", "Add", x, net.Unary($"relu{block}", "Relu", net.Dense($"block{block}", x, 16)));
        return net.Build(net.Dense("out", x, 10));
    }

    private static float[] Values(NetworkState state, string name) => state.Graph.Initializers.First(tensor => tensor.Name == name).ReadSingles();

    private static byte[] Bytes(NetworkState state)
    {
        using MemoryStream bytes = new();
        state.Graph.WriteTo(bytes);
        return bytes.ToArray();
    }

    private RecipeSession Session(string? folder = null, IRecipeObserver? observer = null, CancellationToken cancellation = default) =>
        new(Digits.Take(600), Digits.Select("held out", [.. Enumerable.Range(600, 100)]), Preprocessing.Default, _threads, seed: 1, folder, observer, cancellationToken: cancellation);

    private sealed class Observer(List<string> notes, int afterSteps = int.MaxValue, CancellationTokenSource? stop = null) : IRecipeObserver
    {
        private int _steps;

        public void Note(string line) => notes.Add(line);

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
            if (++_steps == afterSteps) stop!.Cancel();
        }
    }
}
