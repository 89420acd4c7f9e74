using Tersor.Codec;
using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Compression.Calibration;
using Tersor.Compression.Correction;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Budgets;

public class PlanTrialsTests
{
    [Fact]
    public void A_trial_is_what_the_file_would_be_and_the_network_gets_its_weights_back()
    {
        using TemporaryFolder folder = new();
        NetworkArchitectures.Create("lenet-300-100", seed: 4).Save(folder["m.onnx"], overwrite: false);
        using Model model = ModelFormats.Open(folder["m.onnx"]);
        ExecutableGraph graph = ExecutableGraph.Create(OnnxGraph.FromModel(model));
        float[][] weights = [.. graph.Parameters.Select(parameter => parameter.Values.ToArray())];
        using KernelThreads threads = new(2);
        AnswerComparison answers = new(graph, Digits(200), Preprocessing.Default, threads);
        PlanSpace space = PlanSpace.Of(new QualityLine(model, new PlanOptions(), threads: 2), model);

        BudgetTrial[] trials;
        CompressionPlan[] plans = [space.At(80), space.At([new(80), new(60), new(80)]), space.Alone(1, new(90)), space.Alone(0, new(90)), space.At(80), space.At(20)];
        using (PlanTrials tried = new(model, graph, answers, threads: 2)) trials = [.. plans.Select(plan => plan.Tensors.Count < model.Tensors.Count ? tried.Assess(plan) : tried.Judge(plan))];

        Assert.Equal(weights, graph.Parameters.Select(parameter => parameter.Values));
        Assert.Equal(trials[0], trials[4]);
        foreach (BudgetTrial trial in trials)
        {
            using Model part = new("memory", "memory", [.. model.Tensors.Where(tensor => trial.Plan.Tensors.Any(planned => planned.Name == tensor.Name))]);
            CompressionReport report = ModelCompressor.Compress(part.Tensors.Count < model.Tensors.Count ? part : model, trial.Plan, folder["m.nnc"], overwrite: true);
            Assert.Equal(report.TotalBytes, trial.Bytes);
            using CompressedModel decoded = CompressedModel.Open(folder["m.nnc"]);
            foreach (CompressedTensor tensor in decoded.Tensors) decoded.Decode(tensor.Name, graph.FindParameter(tensor.Name)!.Values);
            Assert.Equal(new AnswerComparison(graph, Digits(200), Preprocessing.Default, threads).Top1Before, answers.Top1Before - trial.Change!.Top1Drop, 1e-9);
            Assert.Equal(answers.Compare(), trial.Change);
            Assert.NotEqual(0, trial.Change!.Distance);
            for (int i = 0; i < weights.Length; i++) weights[i].CopyTo(graph.Parameters[i].Values, 0);
        }
    }

    [Fact]
    public void Whole_plans_are_judged_on_more_samples_where_that_is_asked()
    {
        using Model model = InMemory();
        ExecutableGraph graph = Network();
        using KernelThreads threads = new(2);
        AnswerComparison answers = new(graph, Digits(50), Preprocessing.Default, threads);
        AnswerComparison wide = new(graph, Digits(200), Preprocessing.Default, threads);
        PlanSpace space = PlanSpace.Of(new QualityLine(model, new PlanOptions(), threads: 2), model);
        using PlanTrials trials = new(model, graph, answers, wide: () => new AnswerComparison(graph, Digits(200), Preprocessing.Default, threads));
        BudgetTrial judged = trials.Judge(space.At(80));
        BudgetTrial widely = trials.JudgeWidely(space.At(80));
        Assert.Equal(judged, trials.Judge(space.At(80)));
        Assert.Equal((judged.Bytes, 200), (widely.Bytes, widely.Change!.Samples));

        // The network has the plan's weights still; what its original answers were was asked for while it had others.
        Assert.Equal(wide.Compare(), widely.Change);
        Assert.NotEqual(0, widely.Change.Distance);
    }

    [Fact]
    public void A_trial_of_tuned_vectors_is_what_the_file_would_be()
    {
        using TemporaryFolder folder = new();
        Normalized().Save(folder["m.onnx"]);
        using Model file = ModelFormats.Open(folder["m.onnx"]);
        Model model = BatchNormFolding.Apply(file);
        ExecutableGraph graph = ExecutableGraph.Create(OnnxGraph.FromModel(model));
        float[][] weights = [.. graph.Parameters.Select(parameter => parameter.Values.ToArray())];
        using KernelThreads threads = new(2);
        SampleSet samples = Digits(96);
        AnswerComparison answers = new(graph, samples, Preprocessing.Default, threads);
        CalibrationPlan calibration = new() { Samples = samples.Count, Seed = 3 };
        CompressionPlan[] plans = [.. new[] { 40, 20, 40 }.Select(quality => PlanBuilder.Build(file, new PlanOptions { Quality = quality, VectorTuning = true, FoldBatchNorm = true }) with { Calibration = calibration })];

        using PlanTrials trials = new(model, graph, answers, threads: 2, tuning: new VectorTuning(graph, samples, Preprocessing.Default, calibration.Seed, threads));
        BudgetTrial[] judged = [.. plans.Select(plan => trials.Judge(plan))];
        BudgetTrial untuned = trials.Judge(plans[1] with { VectorTuning = false });
        PlanStatistics known = trials.StatisticsFor(plans[1])!;
        trials.Dispose();

        Assert.Equal(judged[0].Change, judged[2].Change);
        Assert.True(judged[1].Change!.Distance < 0.9 * untuned.Change!.Distance, $"{judged[1].Change!.Distance} of {untuned.Change!.Distance}");
        Assert.Equal(weights, graph.Parameters.Select(parameter => parameter.Values));
        Assert.Equal(judged[1].Bytes, trials.Measure(plans[1]).Bytes);
        PlanStatistics again = new PlanCalibration(graph, file, samples, Preprocessing.Default, threads).Run(plans[1]).Statistics;
        Assert.Equal(weights, graph.Parameters.Select(parameter => parameter.Values));
        using MemoryStream replayed = new();
        using MemoryStream found = new();
        ModelCompressor.Compress(file, plans[1], replayed, statistics: again);
        ModelCompressor.Compress(file, plans[1], found, statistics: known);
        Assert.Equal(found.ToArray(), replayed.ToArray());
        using CompressedModel decoded = CompressedModel.Open(found.ToArray());
        foreach (CompressedTensor tensor in decoded.Tensors.Where(tensor => graph.FindParameter(tensor.Name) is not null)) decoded.Decode(tensor.Name, graph.FindParameter(tensor.Name)!.Values);
        Assert.Equal(answers.Compare(), judged[1].Change);
    }

    [Fact]
    public void Trial_ThatIsStopped_LeavesNothingBehind()
    {
        using Model model = InMemory();
        ExecutableGraph graph = Network();
        using KernelThreads threads = new(2);
        AnswerComparison answers = new(graph, Digits(64), Preprocessing.Default, threads);
        PlanSpace space = PlanSpace.Of(new QualityLine(model, new PlanOptions(), threads: 1), model);
        using PlanTrials trials = new(model, graph, answers);
        BudgetTrial before = trials.Judge(space.At(70));

        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => trials.Judge(space.At(95), stop.Token));

        Assert.Equal(before, trials.Judge(space.At(70)));
    }

    [Fact]
    public void Every_group_is_assessed_from_fine_to_coarse()
    {
        using Model model = InMemory();
        ExecutableGraph graph = Network();
        using KernelThreads threads = new(2);
        AnswerComparison answers = new(graph, Digits(64), Preprocessing.Default, threads);
        PlanSpace space = PlanSpace.Of(new QualityLine(model, new PlanOptions(), threads: 1), model);
        using PlanTrials trials = new(model, graph, answers);

        IReadOnlyList<GroupAssessment> assessments = SensitivityAssessment.Run(space, plan => trials.Assess(plan));

        Assert.Equal(SensitivityAssessment.TrialCount(space), assessments.Sum(group => group.Steps.Count));
        Assert.Equal(Enumerable.Range(0, space.Groups.Count), assessments.Select(group => group.Group));
        foreach (GroupAssessment group in assessments.Take(3))
        {
            Assert.Equal([1, 0.25], group.Steps.Select(step => step.Setting.LambdaFactor).Distinct());
            foreach (AssessedStep[] curve in group.Steps.GroupBy(step => step.Setting.LambdaFactor).Select(curve => curve.ToArray()))
            {
                Assert.True(curve[^1].Bytes < 0.6 * curve[0].Bytes, $"{group.Group}: {curve[0]} to {curve[^1]}");
                for (int i = 1; i < curve.Length; i++)
                {
                    Assert.InRange(curve[i].Setting.Place - curve[i - 1].Setting.Place, 1, 16);
                    Assert.True(curve[i].Bytes <= curve[i - 1].Bytes, $"{group.Group}: {curve[i]}");
                    Assert.True(curve[i].Distance >= curve[i - 1].Distance, $"{group.Group}: {curve[i]}");
                }
            }
        }
    }

    // Two layers with a normalization between them.
    private static OnnxGraph Normalized()
    {
        Seeded random = new(4);
        OnnxGraphBuilder builder = new("normalized");
        string Values(string name, float mean, float deviation, params long[] shape) =>
            builder.AddInitializer(new Tensor(name, new TensorShape(shape), [.. Enumerable.Range(0, (int)new TensorShape(shape).ElementCount).Select(_ => mean + (deviation * random.NextGaussian()))]));
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(784));
        string hidden = builder.AddNode("Gemm", [x, Values("w1", 0.02f, 0.1f, 24, 784)], [new OnnxAttribute("transB", 1)]);
        string normal = builder.AddNode("BatchNormalization", [hidden, Values("scale", 1, 0.2f, 24), Values("bias", 0, 1, 24), Values("mean", 2, 1, 24), Values("variance", 2, 0.1f, 24)]);
        builder.AddNode("Gemm", [builder.AddNode("Relu", [normal]), Values("w2", 0, 0.3f, 10, 24), Values("b2", 0, 1, 10)], [new OnnxAttribute("transB", 1)], "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(10));
        return builder.Build();
    }

    private static ExecutableGraph Network() => ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 4));

    private static Model InMemory() => new("memory", "memory", [.. Network().Parameters.Select(parameter => new Tensor(parameter.Name, parameter.Shape, parameter.Values))]);

    private static SampleSet Digits(int count) => GeneratedDigits.Generate(count, seed: 2, isTest: true);
}
