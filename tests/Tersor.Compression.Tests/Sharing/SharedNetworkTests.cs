using Tersor.Codec.Dcz;
using Tersor.Compression.Sharing;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Sharing;

/// <summary>From a trained network to a Deep Compression file, with training between.</summary>
public sealed class SharedNetworkTests
{
    private const int Clusters = 15;

    private static readonly string[] Weights = ["fc1.weight", "fc2.weight", "fc3.weight"];

    [Fact]
    public void A_network_that_was_shared_and_fine_tuned_comes_back_from_its_file()
    {
        OnnxGraph pruned = Prune(NetworkArchitectures.Create("lenet-300-100", seed: 3));
        SharedNetwork shared = WeightSharing.Apply(pruned, Weights.ToDictionary(name => name, _ => new SharingOptions { Clusters = Clusters }));
        Assert.Equal(Weights, shared.Weights.Keys.Order(StringComparer.Ordinal));

        using Model trained = FineTune(shared);
        using MemoryStream file = new();
        DczWriter.Write(trained, file);
        using DczFile dcz = DczFile.Open(ByteSource.FromMemory(file.ToArray()));
        using Model back = dcz.ToModel();

        foreach (string name in Weights)
        {
            float[] weights = back.Find(name)!.ReadSingles();
            Assert.Equal(trained.Find(name)!.ReadSingles(), weights);
            Assert.NotEqual(shared.Weights[name].Expand(), weights);
            Assert.Equal(shared.Weights[name].Expand().Select(weight => weight == 0), weights.Select(weight => weight == 0));
            Assert.InRange(dcz.Tensors.Single(tensor => tensor.Name == name).Sharing!.CodebookLength, 2, Clusters + 1);
        }

        // 26,661 weights are left, of which an id and an index take less than a byte each.
        Assert.InRange(file.Length, 1, 40_000);
    }

    private static OnnxGraph Prune(OnnxGraph graph) => graph.WithInitializers(Weights.ToDictionary(name => name, name =>
    {
        Tensor weight = graph.Initializers.Single(tensor => tensor.Name == name);
        float[] values = weight.ReadSingles();
        float[] magnitudes = [.. values.Select(MathF.Abs).Order()];
        float threshold = magnitudes[(int)(0.9 * values.Length)];
        return new Tensor(name, weight.Shape, Array.ConvertAll(values, value => MathF.Abs(value) < threshold ? 0 : value));
    }));

    private static OnnxModel FineTune(SharedNetwork shared)
    {
        ExecutableGraph graph = ExecutableGraph.Create(shared.Graph);
        foreach ((string name, SharedWeight weight) in shared.Weights)
        {
            GraphParameter parameter = graph.FindParameter(name)!;
            parameter.Function = new SharedParameter(parameter, weight.Ids, weight.Centroids);
        }

        using KernelThreads threads = new(1);
        TrainingOptions options = new() { Epochs = 1, Batch = 32, LearningRate = 1e-3 };
        new Trainer(graph, GeneratedDigits.Generate(64, seed: 1, isTest: false), null, Preprocessing.Default, options, threads).Run();
        using MemoryStream onnx = new();
        graph.ToOnnx().WriteTo(onnx);
        return OnnxModel.Open(ByteSource.FromMemory(onnx.ToArray()));
    }
}
