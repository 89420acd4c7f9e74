using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Training;

public class TrainerTests
{
    private static readonly SampleSet Digits = GeneratedDigits.Generate(512, seed: 1, isTest: false);
    private static readonly SampleSet Validation = GeneratedDigits.Generate(128, seed: 1, isTest: true);

    [Fact]
    public void A_network_learns()
    {
        ExecutableGraph graph = Graph("lenet-300-100");
        IReadOnlyList<EpochReport> curve = Train(graph, new TrainingOptions { Epochs = 6, Batch = 32, LearningRate = 0.05, Schedule = new CosineSchedule() }, 2);
        Assert.Equal(6, curve.Count);
        Assert.True(curve[^1].TrainLoss < curve[0].TrainLoss / 2, $"loss from {curve[0].TrainLoss} to {curve[^1].TrainLoss}");
        Assert.True(curve[^1].ValidationTop1 > 0.6, $"top-1 {curve[^1].ValidationTop1}");
    }

    [Fact]
    public void A_network_that_ends_in_Softmax_trains_as_one_that_ends_in_logits()
    {
        TrainingOptions options = new() { Epochs = 2, Batch = 32, LearningRate = 0.05, Loss = new CrossEntropyLoss(0.1f) };
        IReadOnlyList<EpochReport> logits = Train(Linear(endsInSoftmax: false), options, 1);
        IReadOnlyList<EpochReport> probabilities = Train(Linear(endsInSoftmax: true), options, 1);
        for (int epoch = 0; epoch < 2; epoch++)
        {
            Assert.Equal(logits[epoch].TrainLoss, probabilities[epoch].TrainLoss, 1e-4);
            Assert.Equal(logits[epoch].ValidationLoss, probabilities[epoch].ValidationLoss, 1e-4);
        }

        static ExecutableGraph Linear(bool endsInSoftmax)
        {
            NetworkBuilder network = new("linear", 3, 1, 28, 28);
            string dense = network.Dense("dense", network.Flatten("flat", network.Input), 10);
            return ExecutableGraph.Create(network.Build(endsInSoftmax ? network.Softmax("softmax", dense) : dense));
        }
    }

    [Theory]
    [InlineData("lenet5")]
    [InlineData("lenet-300-100")]
    public void The_result_is_the_same_at_any_number_of_threads(string name)
    {
        TrainingOptions options = new() { Epochs = 1, Batch = 48, LearningRate = 0.02, Augmentation = new Augmentation { MaxShift = 2 }, AverageDecay = 0.9f };
        Assert.Equal(Bytes(name, options, 1), Bytes(name, options, 2));
    }

    [Fact]
    public void Dropout_and_normalization_are_the_same_at_any_number_of_threads()
    {
        SampleSet images = new("noise", new TensorShape(3, 32, 32), [.. Enumerable.Range(0, 8 * 3072).Select(i => (byte)(i * 7919 >> 3))], [0, 1, 2, 3, 4, 5, 6, 7]);
        float[] first = Weights(1);
        Assert.Equal(first, Weights(2));

        float[] Weights(int count)
        {
            ExecutableGraph graph = Graph("vgg-cifar");
            using KernelThreads threads = new(count);
            new Trainer(graph, images, null, Preprocessing.Default, new TrainingOptions { Epochs = 1, Batch = 4, LearningRate = 0.01 }, threads).Run();
            return [.. graph.Parameters.SelectMany(parameter => parameter.Values)];
        }
    }

    [Fact]
    public void A_resumed_training_gives_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new()
        {
            Epochs = 3,
            Batch = 64,
            LearningRate = 0.002,
            Optimizer = () => new AdamOptimizer(weightDecay: 0.01f, decoupled: true),
            Schedule = new CosineSchedule { WarmUp = 0.1 },
            AverageDecay = 0.95f,
        };
        byte[] straight = Bytes("lenet-300-100", options, 2);

        using CancellationTokenSource stop = new();
        ExecutableGraph interrupted = Graph("lenet-300-100");
        TrainingOptions keeping = options with { Checkpoint = folder["state"] };
        Assert.Throws<OperationCanceledException>(() => Train(interrupted, keeping, 1, new StopAfter(1, stop), stop.Token));
        ExecutableGraph resumed = Graph("lenet-300-100");
        IReadOnlyList<EpochReport> curve = Train(resumed, keeping, 2);

        Assert.Equal([1, 2, 3], curve.Select(report => report.Epoch));
        Assert.Equal(straight, Bytes(resumed));
    }

    [Fact]
    public void A_checkpoint_of_another_training_is_refused()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Epochs = 1, Batch = 64, LearningRate = 0.01, Checkpoint = folder["state"] };
        Train(Graph("lenet-300-100"), options, 1);
        Assert.Contains(
            "batch 64, not 32; seed 0, not 1", Assert.Throws<TrainingMismatchException>(() => Train(Graph("lenet-300-100"), options with { Seed = 1, Batch = 32 }, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("initial weights", Assert.Throws<TrainingMismatchException>(() => Train(Graph("lenet5"), options, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constraints_act_after_every_step_at_its_rate()
    {
        ExecutableGraph graph = Graph("lenet-300-100");
        HeldAtZero held = new("fc1.weight");
        TrainingOptions options = new() { Epochs = 2, Batch = 128, LearningRate = 0.01, Schedule = new CosineSchedule(), Constraints = [held] };
        IReadOnlyList<EpochReport> curve = Train(graph, options, 1);
        Assert.Equal(8, held.Rates.Count);
        Assert.Equal(curve[^1].LearningRate, held.Rates[^1]);
        Assert.DoesNotContain(graph.FindParameter("fc1.weight")!.Values, value => value != 0);
        Assert.Contains(graph.FindParameter("fc2.weight")!.Values, value => value != 0);
    }

    [Fact]
    public void A_checkpoint_of_a_training_with_other_constraints_is_refused_either_way()
    {
        using TemporaryFolder folder = new();
        TrainingOptions without = new() { Epochs = 1, Batch = 64, LearningRate = 0.01, Checkpoint = folder["without"] };
        TrainingOptions with = without with { Checkpoint = folder["with"], Constraints = [new HeldAtZero("fc1.weight")] };
        Train(Graph("lenet-300-100"), without, 1);
        Train(Graph("lenet-300-100"), with, 1);
        Assert.Contains(
            "constraints fc1.weight at zero, not none",
            Assert.Throws<TrainingMismatchException>(() => Train(Graph("lenet-300-100"), without with { Checkpoint = folder["with"] }, 1)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "constraints none, not fc1.weight at zero",
            Assert.Throws<TrainingMismatchException>(() => Train(Graph("lenet-300-100"), with with { Checkpoint = folder["without"] }, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_the_training_and_says_where()
    {
        TrainingOptions options = new() { Epochs = 2, Batch = 64, LearningRate = 1e30 };
        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => Train(Graph("lenet-300-100"), options, 1));
        Assert.Equal(1, error.Epoch);
        Assert.InRange(error.Step, 2, 8);
    }

    [Fact]
    public void Data_that_does_not_fit_is_refused_with_both_sides()
    {
        ExecutableGraph graph = Graph("lenet5");
        using KernelThreads threads = new(1);
        SampleSet colours = new("colours", new TensorShape(3, 32, 32), new byte[3072 * 2], [0, 1]);
        SampleSet manyClasses = new("many", new TensorShape(1, 28, 28), new byte[784 * 2], [0, 10]);
        SampleSet targets = new("targets", new TensorShape(1, 28, 28), new float[784 * 2], new TensorShape(10), new float[20]);
        TrainingOptions options = new() { Batch = 2 };
        Assert.Contains("samples of 3x32x32", Assert.Throws<DataMismatchException>(() => new Trainer(graph, colours, null, Preprocessing.Default, options, threads)).Message, StringComparison.Ordinal);
        Assert.Contains("11 classes", Assert.Throws<DataMismatchException>(() => new Trainer(graph, manyClasses, null, Preprocessing.Default, options, threads)).Message, StringComparison.Ordinal);
        Assert.Contains("has targets", Assert.Throws<DataMismatchException>(() => new Trainer(graph, targets, null, Preprocessing.Default, options, threads)).Message, StringComparison.Ordinal);
        Assert.Contains("batch of 3", Assert.Throws<DataMismatchException>(() => new Trainer(graph, manyClasses, null, Preprocessing.Default, options with { Batch = 3 }, threads)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pruned_weight_stays_pruned_and_the_rest_learns()
    {
        ExecutableGraph graph = Graph("lenet-300-100");
        GraphParameter weight = graph.FindParameter("fc1.weight")!;
        weight.Function = new MaskedParameter(weight, [.. weight.Values.Select((_, i) => i % 10 == 0)]);
        weight.Function.Forward(weight.Values);
        bool[] isZero = [.. weight.Values.Select(value => value == 0)];
        float[] before = [.. weight.Values];

        IReadOnlyList<EpochReport> curve = Train(graph, new TrainingOptions { Epochs = 3, Batch = 32, LearningRate = 0.05 }, 2);

        Assert.Equal(before.Length * 9 / 10, isZero.Count(zero => zero));
        for (int i = 0; i < before.Length; i++)
        {
            if (isZero[i]) Assert.Equal(0, weight.Values[i]);
        }

        Assert.NotEqual(before, weight.Values);
        Assert.True(curve[^1].TrainLoss < curve[0].TrainLoss);
    }

    [Fact]
    public void A_quantized_weight_stays_on_its_grid_and_learns_its_step()
    {
        ExecutableGraph graph = Graph("lenet-300-100");
        GraphParameter weight = graph.FindParameter("fc1.weight")!;
        FakeQuantizedParameter function = new(weight, bits: 3);
        weight.Function = function;
        float firstStep = function.Step;

        IReadOnlyList<EpochReport> curve = Train(graph, new TrainingOptions { Epochs = 3, Batch = 32, LearningRate = 0.05 }, 2);

        Assert.NotEqual(firstStep, function.Step);
        Assert.All(weight.Values, value => Assert.InRange(value / function.Step, -4.001f, 3.001f));
        Assert.All(weight.Values, value => Assert.Equal(MathF.Round(value / function.Step) * function.Step, value));
        Assert.True(curve[^1].TrainLoss < curve[0].TrainLoss);
    }

    [Fact]
    public void A_weight_that_learns_rounding_only_goes_to_the_level_below_or_above()
    {
        ExecutableGraph graph = Graph("lenet-300-100");
        GraphParameter weight = graph.FindParameter("fc1.weight")!;
        float[] before = [.. weight.Values];
        FakeQuantizedParameter function = new(weight, bits: 8, learnsRoundingOnly: true);
        weight.Function = function;

        IReadOnlyList<EpochReport> curve = Train(graph, new TrainingOptions { Epochs = 3, Batch = 32, LearningRate = 0.05 }, 2);

        Assert.All(before.Zip(weight.Values), pair => Assert.InRange(MathF.Abs(pair.First - pair.Second), 0, function.Step * 1.001f));
        Assert.Contains(before.Zip(weight.Values), pair => MathF.Abs(pair.First - pair.Second) > 0.6f * function.Step);
        Assert.True(curve[^1].TrainLoss < curve[0].TrainLoss);
    }

    [Fact]
    public void A_trained_network_runs_from_its_file_as_it_ran_in_memory()
    {
        using TemporaryFolder folder = new();
        ExecutableGraph graph = Graph("lenet5");
        Train(graph, new TrainingOptions { Epochs = 1, Batch = 64, LearningRate = 0.02 }, 2);
        graph.ToOnnx().Save(folder["net.onnx"]);
        using Model model = ModelFormats.Open(folder["net.onnx"]);
        using KernelThreads threads = new(2);

        Evaluation fromFile = new Evaluator(ExecutableGraph.Create(OnnxGraph.FromModel(model)), Validation.SampleShape, Preprocessing.Default, threads).Run(Validation);
        Evaluation inMemory = new Evaluator(graph, Validation.SampleShape, Preprocessing.Default, threads).Run(Validation);

        Assert.Equal((inMemory.Top1, inMemory.Top5, inMemory.Loss), (fromFile.Top1, fromFile.Top5, fromFile.Loss));
        Assert.Equal(inMemory.Predictions, fromFile.Predictions);
    }

    [Fact]
    public void Training_stops_when_validation_does_not_get_better()
    {
        TrainingOptions options = new() { Epochs = 9, Batch = 64, LearningRate = 0, Patience = 2 };
        Assert.Equal(3, Train(Graph("lenet-300-100"), options, 1).Count);
    }

    [Fact]
    public void With_patience_the_weights_of_the_best_epoch_are_kept_also_over_a_resumption()
    {
        // The rate is made so large in the second half that the network gets worse.
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Epochs = 6, Batch = 32, LearningRate = 0.9, Schedule = new LateRise(), Patience = 5, Checkpoint = folder["state"], GradientClip = 5 };
        ExecutableGraph graph = Graph("lenet-300-100");
        IReadOnlyList<EpochReport> curve = Train(graph, options, 2);
        using KernelThreads threads = new(2);
        Evaluation kept = new Evaluator(graph, Validation.SampleShape, Preprocessing.Default, threads).Run(Validation);

        Assert.True(curve[^1].ValidationLoss > curve.Min(epoch => epoch.ValidationLoss) * 1.2);
        Assert.Equal(curve.Min(epoch => epoch.ValidationLoss), kept.Loss, 1e-9);
        ExecutableGraph resumed = Graph("lenet-300-100");
        Train(resumed, options, 1);
        Assert.Equal(Bytes(graph), Bytes(resumed));
    }

    [Fact]
    public void Weights_that_are_no_numbers_do_not_reach_the_checkpoint()
    {
        using TemporaryFolder folder = new();
        ExecutableGraph graph = Graph("lenet-300-100");
        using KernelThreads threads = new(1);

        // One step per epoch: the loss before it is sound, the weights after it are not.
        TrainingOptions options = new() { Epochs = 2, Batch = 512, LearningRate = 1e300, Checkpoint = folder["state"] };
        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => new Trainer(graph, Digits, null, Preprocessing.Default, options, threads).Run());

        Assert.Equal((1, 1), (error.Epoch, error.Step));
        Assert.False(File.Exists(folder["state"]));
    }

    [Fact]
    public void A_training_that_diverges_keeps_the_checkpoint_of_the_epoch_before()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Epochs = 4, Batch = 64, LearningRate = 1e30, Schedule = new LateRise(FirstFactor: 1e-32), Checkpoint = folder["state"] };
        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => Train(Graph("lenet-300-100"), options, 1));
        byte[] kept = File.ReadAllBytes(folder["state"]);

        ExecutableGraph again = Graph("lenet-300-100");
        using KernelThreads threads = new(1);
        Trainer resumed = new(again, Digits, Validation, Preprocessing.Default, options, threads);
        TrainingDivergedException same = Assert.Throws<TrainingDivergedException>(() => resumed.Run());

        Assert.Equal(3, error.Epoch);
        Assert.Equal((error.Epoch, error.Step), (same.Epoch, same.Step));
        Assert.Equal([1, 2], resumed.Curve.Select(epoch => epoch.Epoch));
        Assert.Equal(kept, File.ReadAllBytes(folder["state"]));
    }

    [Fact]
    public void Memory_beyond_what_is_allowed_is_refused_before_it_is_taken()
    {
        using KernelThreads threads = new(1);
        TrainingOptions options = new() { Batch = 256, Optimizer = () => new AdamOptimizer() };
        ExecutableGraph graph = Graph("lenet-300-100");
        long needed = new Trainer(graph, Digits, null, Preprocessing.Default, options, threads).MemoryBytes;

        // Weights of 266,610: their gradients and two moments, two batches of 784 inputs, and 784 + 300 + 300 + 100 + 100 + 10 values and more per sample.
        Assert.InRange(needed, (3 * 266_610 * 4) + (2 * 256 * 784 * 4) + (256 * 1594 * 4), 8_000_000);
        Assert.Equal(needed, new Trainer(graph, Digits, null, Preprocessing.Default, options, threads, needed).MemoryBytes);
        Assert.Contains("a run takes", Assert.Throws<ResourceLimitException>(() => new Trainer(graph, Digits, null, Preprocessing.Default, options, threads, needed - 1)).Message, StringComparison.Ordinal);
        Assert.Contains("AdamOptimizer", Assert.Throws<ResourceLimitException>(() => new Trainer(graph, Digits, null, Preprocessing.Default, options, threads, 1_000_000)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_makes_a_training_that_its_checkpoint_knows_again()
    {
        using TemporaryFolder folder = new();
        TrainingRecipe recipe = new() { Epochs = 1, Schedule = ScheduleKind.Cosine };
        Train(Graph("lenet-300-100"), recipe.ToOptions(seed: 0, checkpoint: folder["state"]), 1);

        TrainingMismatchException other = Assert.Throws<TrainingMismatchException>(
            () => Train(Graph("lenet-300-100"), (recipe with { Epochs = 2, Nesterov = true }).ToOptions(seed: 0, checkpoint: folder["state"]), 1));
        Assert.Contains("epochs 1, not 2; momentum 0.9, not 0.9, Nesterov", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_at_a_constant_rate_can_be_made_longer()
    {
        using TemporaryFolder folder = new();
        TrainingRecipe recipe = new() { Epochs = 2, Schedule = ScheduleKind.Constant };
        ExecutableGraph straight = Graph("lenet-300-100");
        Train(straight, recipe.ToOptions(seed: 0), 1);

        Train(Graph("lenet-300-100"), (recipe with { Epochs = 1 }).ToOptions(seed: 0, checkpoint: folder["state"]), 1);
        ExecutableGraph longer = Graph("lenet-300-100");
        Train(longer, recipe.ToOptions(seed: 0, checkpoint: folder["state"]), 1);

        Assert.Equal(Bytes(straight), Bytes(longer));
    }

    private static ExecutableGraph Graph(string name) => ExecutableGraph.Create(NetworkArchitectures.Create(name, seed: 3));

    private static IReadOnlyList<EpochReport> Train(
        ExecutableGraph graph, TrainingOptions options, int threadCount, IProgress<EpochReport>? progress = null, CancellationToken cancellationToken = default)
    {
        using KernelThreads threads = new(threadCount);
        return new Trainer(graph, Digits, Validation, Preprocessing.Default, options, threads).Run(progress, null, cancellationToken);
    }

    private static byte[] Bytes(string name, TrainingOptions options, int threads)
    {
        ExecutableGraph graph = Graph(name);
        Train(graph, options, threads);
        return Bytes(graph);
    }

    private static byte[] Bytes(ExecutableGraph graph)
    {
        using MemoryStream stream = new();
        graph.ToOnnx().WriteTo(stream);
        return stream.ToArray();
    }

    private sealed record LateRise(double FirstFactor = 0.05) : LearningRateSchedule
    {
        protected override double Factor(double place) => place < 0.5 ? FirstFactor : 1;
    }

    private sealed class StopAfter(int epoch, CancellationTokenSource stop) : IProgress<EpochReport>
    {
        public void Report(EpochReport value)
        {
            if (value.Epoch == epoch) stop.Cancel();
        }
    }

    private sealed class HeldAtZero(string name) : TrainingConstraint
    {
        private TrainedTensor? _tensor;

        public List<double> Rates { get; } = [];

        public override string Description => $"{name} at zero";

        public override void Attach(IReadOnlyList<TrainedTensor> tensors) => _tensor = tensors.Single(tensor => tensor.Name == name);

        public override void Apply(double learningRate, double progress)
        {
            Rates.Add(learningRate);
            Array.Clear(_tensor!.Values);
        }
    }
}
