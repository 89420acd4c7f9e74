using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Training;

public class DistillationTests
{
    private static readonly SampleSet Digits = GeneratedDigits.Generate(192, seed: 1, isTest: false);
    private static readonly TrainingOptions Short = new() { Epochs = 2, Batch = 32, LearningRate = 0.02, Augmentation = new Augmentation { MaxShift = 2 } };

    /// <summary>Computed by hand for a teacher with logits 5, 2, -1 and a student with 3, 2.5, 0 (Hinton, Vinyals, Dean 2015, equations 2 and 3).</summary>
    [Theory]
    [InlineData(1, 0.328299, -0.346581, 0.318878, 0.027703)]
    [InlineData(4, 0.890885, -0.660578, 0.384617, 0.275961)]
    [InlineData(20, 0.892916, -0.635653, 0.261077, 0.374576)]
    public void The_softened_divergence_has_the_size_that_temperature_does_not_change(double temperature, double loss, double first, double second, double third)
    {
        float[] gradient = new float[3];
        double found = new DistillationLoss(new CrossEntropyLoss(), temperature, soft: 1).Compute([3, 2.5f, 0], 1, new LossTargets([0], [5f, 2f, -1f]), gradient);
        Assert.Equal(loss, found, 3e-6);
        Assert.Equal([first, second, third], gradient.Select(slope => (double)slope), (a, b) => Math.Abs(a - b) < 2e-6);
    }

    [Fact]
    public void Labels_and_the_teacher_share_the_loss()
    {
        float[] gradient = new float[3];
        double loss = new DistillationLoss(new CrossEntropyLoss(), temperature: 4, soft: 0.9).Compute([3, 2.5f, 0], 1, new LossTargets([0], [5f, 2f, -1f]), gradient);
        Assert.Equal(0.852257, loss, 2e-6);
        Assert.Equal([-0.634146, 0.382775, 0.251371], gradient.Select(slope => (double)slope), (a, b) => Math.Abs(a - b) < 2e-6);
        Assert.Equal(0.504597, new DistillationLoss(new CrossEntropyLoss(), temperature: 4, soft: 0).Compute([3, 2.5f, 0], 1, new LossTargets([0], [5f, 2f, -1f]), gradient), 2e-6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void The_teachers_labels_take_the_place_of_those_of_the_data(int label)
    {
        float[] gradient = new float[6];
        float[] expected = new float[6];
        float[] outputs = [3, 2.5f, 0, 1, -1, 2];
        LossTargets targets = new([label, label], [5f, 2f, -1f, 0, 4, 3]);
        double loss = new DistillationLoss(new CrossEntropyLoss(), temperature: 1, soft: 0.5, teacherLabels: true).Compute(outputs, 2, targets, gradient);
        Assert.Equal(new DistillationLoss(new CrossEntropyLoss(), temperature: 1, soft: 0.5).Compute(outputs, 2, new LossTargets([0, 1], targets.Values), expected), loss);
        Assert.Equal(expected, gradient);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    public void The_gradient_is_the_slope_of_the_loss(double temperature)
    {
        Seeded random = new(2);
        float[] outputs = [.. Enumerable.Range(0, 12).Select(_ => 2 * random.NextGaussian())];
        float[] answers = [.. Enumerable.Range(0, 12).Select(_ => 3 * random.NextGaussian())];
        int[] labels = [3, 0, 1];
        DistillationLoss loss = new(new CrossEntropyLoss(0.1f), temperature, soft: 0.7);
        float[] gradient = new float[12];
        float[] ignored = new float[12];
        loss.Compute(outputs, 3, new LossTargets(labels, answers), gradient);
        for (int i = 0; i < outputs.Length; i++)
        {
            float before = outputs[i];
            outputs[i] = before + 0.01f;
            double above = loss.Compute(outputs, 3, new LossTargets(labels, answers), ignored);
            outputs[i] = before - 0.01f;
            double below = loss.Compute(outputs, 3, new LossTargets(labels, answers), ignored);
            outputs[i] = before;
            Assert.Equal((above - below) / 0.02, gradient[i], 1e-4);
        }
    }

    [Fact]
    public void Huge_logits_make_no_infinite_loss()
    {
        float[] gradient = new float[3];
        double loss = new DistillationLoss(new CrossEntropyLoss()).Compute([-1e4f, 0, 1e4f], 1, new LossTargets([0], [1e4f, 0, -1e4f]), gradient);
        Assert.True(double.IsFinite(loss));
        Assert.All(gradient, slope => Assert.True(float.IsFinite(slope)));
    }

    [Fact]
    public void A_student_that_agrees_with_its_teacher_learns_nothing_from_it()
    {
        ExecutableGraph student = Graph(seed: 1);
        Train(student, Short with { Teacher = new Teacher(Graph(seed: 1), soft: 1) }, 1);
        foreach ((GraphParameter before, GraphParameter after) in Graph(seed: 1).Parameters.Zip(student.Parameters))
            Assert.All(before.Values.Zip(after.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void A_student_comes_to_answer_as_its_teacher_which_stays_as_it_was()
    {
        ExecutableGraph teacher = Graph(seed: 5);
        Train(teacher, Short with { Epochs = 20, LearningRate = 0.1 }, 2);
        byte[] before = Bytes(teacher);
        ExecutableGraph student = Graph(seed: 6);
        double untaught = Judge(student).AgreementWith(Judge(teacher));
        Train(student, Short with { Epochs = 20, LearningRate = 0.1, Teacher = new Teacher(teacher, soft: 1) }, 2);
        Assert.Equal(before, Bytes(teacher));
        Assert.True(Judge(student).AgreementWith(Judge(teacher)) > untaught + 0.3);
    }

    [Fact]
    public void A_teacher_that_gives_probabilities_teaches_as_one_that_gives_logits()
    {
        ExecutableGraph logits = Graph(seed: 1);
        ExecutableGraph ofLogits = Graph(seed: 2);
        ExecutableGraph ofProbabilities = Graph(seed: 2);
        Train(ofLogits, Short with { Teacher = new Teacher(logits) }, 1);
        Train(ofProbabilities, Short with { Teacher = new Teacher(Graph(seed: 1, endsInSoftmax: true)) }, 1);
        foreach ((GraphParameter one, GraphParameter other) in ofLogits.Parameters.Zip(ofProbabilities.Parameters))
            Assert.All(one.Values.Zip(other.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void The_result_is_the_same_at_any_number_of_threads_and_after_an_interruption()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = Short with { Epochs = 3, Teacher = new Teacher(Graph(seed: 5)) };
        ExecutableGraph straight = Graph(seed: 1);
        Train(straight, options, 1);

        using CancellationTokenSource stop = new();
        TrainingOptions keeping = options with { Checkpoint = folder["state"], Teacher = new Teacher(Graph(seed: 5)) };
        Assert.Throws<OperationCanceledException>(() => Train(Graph(seed: 1), keeping, 2, new StopAfterOne(stop), stop.Token));
        ExecutableGraph resumed = Graph(seed: 1);
        Train(resumed, keeping, 2);
        Assert.Equal(Bytes(straight), Bytes(resumed));
    }

    [Fact]
    public void A_checkpoint_of_another_teacher_or_of_none_is_refused()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = Short with { Epochs = 1, Checkpoint = folder["state"], Teacher = new Teacher(Graph(seed: 5)) };
        Train(Graph(seed: 1), options, 1);
        foreach (Teacher? other in (Teacher?[])[null, new(Graph(seed: 6)), new(Graph(seed: 5), temperature: 2), new(Graph(seed: 5), soft: 0.5)])
            Assert.Contains("teacher ", Assert.Throws<TrainingMismatchException>(() => Train(Graph(seed: 1), options with { Teacher = other }, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_teacher_that_does_not_fit_is_refused_before_anything_runs()
    {
        string Refusal(Teacher teacher) => Assert.Throws<DataMismatchException>(() => Train(Graph(seed: 1), Short with { Teacher = teacher }, 1)).Message;
        Assert.Contains("has 12 outputs", Refusal(new Teacher(Graph(seed: 1, outputs: 12))), StringComparison.Ordinal);
        Assert.Contains("the data has samples of", Refusal(new Teacher(Graph(seed: 1, side: 32))), StringComparison.Ordinal);
        ExecutableGraph scaled = ExecutableGraph.Create(Graph(seed: 1).ToOnnx().WithMetadata((Preprocessing.Default with { Scale = 1 }).ToMetadata()));
        Assert.Contains("tersor.input.scale 1, not ", Refusal(new Teacher(scaled)), StringComparison.Ordinal);
        ExecutableGraph student = Graph(seed: 1);
        Assert.Throws<ArgumentException>(() => Train(student, Short with { Teacher = new Teacher(student) }, 1));
    }

    private static ExecutableGraph Graph(ulong seed, int outputs = 10, int side = 28, bool endsInSoftmax = false)
    {
        NetworkBuilder net = new("small", seed, 1, side, side);
        string pooled = net.Flatten("flatten", net.MaxPool("pool", net.Input, 4, 4));
        string answer = net.Dense("fc2", net.Relu("relu", net.Dense("fc1", pooled, 24)), outputs);
        return ExecutableGraph.Create(net.Build(endsInSoftmax ? net.Softmax("softmax", answer) : answer));
    }

    private static Evaluation Judge(ExecutableGraph graph)
    {
        using KernelThreads threads = new(1);
        return new Evaluator(graph, Digits.SampleShape, Preprocessing.Default, threads).Run(Digits);
    }

    private static void Train(ExecutableGraph graph, TrainingOptions options, int threadCount, IProgress<EpochReport>? progress = null, CancellationToken cancellation = default)
    {
        using KernelThreads threads = new(threadCount);
        new Trainer(graph, Digits, null, Preprocessing.Default, options, threads).Run(progress, null, cancellation);
    }

    private static byte[] Bytes(ExecutableGraph graph)
    {
        using MemoryStream stream = new();
        graph.ToOnnx().WriteTo(stream);
        return stream.ToArray();
    }

    private sealed class StopAfterOne(CancellationTokenSource stop) : IProgress<EpochReport>
    {
        public void Report(EpochReport value) => stop.Cancel();
    }
}
