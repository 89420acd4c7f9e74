using Tersor.Codec;
using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
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
    public void Trial_ThatIsStopped_LeavesNothingBehind()
    {
        using Model model = new("memory", "memory", [.. Weights(ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 4)))]);
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 4));
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
        using Model model = new("memory", "memory", [.. Weights(ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 4)))]);
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 4));
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

    private static SampleSet Digits(int count) => GeneratedDigits.Generate(count, seed: 2, isTest: true);

    private static IEnumerable<Tensor> Weights(ExecutableGraph graph) => graph.Parameters.Select(parameter => new Tensor(parameter.Name, parameter.Shape, parameter.Values));
}
