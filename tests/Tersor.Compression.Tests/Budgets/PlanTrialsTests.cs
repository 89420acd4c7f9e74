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
    public void A_trial_is_what_the_file_would_be_and_leaves_the_network_alone()
    {
        using TemporaryFolder folder = new();
        NetworkArchitectures.Create("lenet-300-100", seed: 4).Save(folder["m.onnx"], overwrite: false);
        using Model model = ModelFormats.Open(folder["m.onnx"]);
        ExecutableGraph graph = ExecutableGraph.Create(OnnxGraph.FromModel(model));
        float[][] weights = [.. graph.Parameters.Select(parameter => parameter.Values.ToArray())];
        SampleSet digits = GeneratedDigits.Generate(200, seed: 2, isTest: true);
        using KernelThreads threads = new(2);
        AnswerComparison answers = new(graph, digits, Preprocessing.Default, threads);
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { Quality = 20 });

        BudgetTrial trial = new PlanTrials(graph, answers, null, threads: 2).Try(model, plan);

        Assert.Equal(weights, graph.Parameters.Select(parameter => parameter.Values));
        CompressionReport report = ModelCompressor.Compress(model, trial.Plan, folder["m.nnc"]);
        Assert.Equal(report.TotalBytes, trial.Bytes);
        using CompressedModel decoded = CompressedModel.Open(folder["m.nnc"]);
        foreach (CompressedTensor tensor in decoded.Tensors) decoded.Decode(tensor.Name, graph.FindParameter(tensor.Name)!.Values);
        Assert.Equal(answers.Compare(), trial.Change);
        Assert.NotEqual(0, trial.Change!.Distance);
    }

    [Fact]
    public void Every_weight_matrix_is_assessed_from_fine_to_coarse()
    {
        using Model model = new("memory", "memory", [.. Weights(ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 4)))]);
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create("lenet-300-100", seed: 4));
        using KernelThreads threads = new(2);
        AnswerComparison answers = new(graph, GeneratedDigits.Generate(64, seed: 2, isTest: true), Preprocessing.Default, threads);

        IReadOnlyList<TensorAssessment> assessments = SensitivityAssessment.Run(model, PlanBuilder.Build(model, new PlanOptions()), new PlanTrials(graph, answers, null, 1));

        Assert.Equal(["fc1.weight", "fc2.weight", "fc3.weight"], assessments.Select(tensor => tensor.Name));
        foreach (TensorAssessment tensor in assessments)
        {
            Assert.Equal([1, 1, 1, 1, 1, 1, 1, 0.25, 0.25, 0.25, 0.25, 0.25], tensor.Steps.Select(step => step.Lambda));
            foreach (AssessedStep[] curve in new[] { tensor.Steps.Take(7).ToArray(), tensor.Steps.Skip(7).ToArray() })
            {
                Assert.True(curve[^1].Bytes < curve[0].Bytes / 2);
                for (int i = 1; i < curve.Length; i++)
                {
                    Assert.Equal(curve[i - 1].Qp + 4, curve[i].Qp);
                    Assert.True(curve[i].Bytes <= curve[i - 1].Bytes, $"{tensor.Name}: {curve[i]}");
                    Assert.True(curve[i].Distance >= curve[i - 1].Distance, $"{tensor.Name}: {curve[i]}");
                }
            }
        }
    }

    private static IEnumerable<Tensor> Weights(ExecutableGraph graph) => graph.Parameters.Select(parameter => new Tensor(parameter.Name, parameter.Shape, parameter.Values));
}
