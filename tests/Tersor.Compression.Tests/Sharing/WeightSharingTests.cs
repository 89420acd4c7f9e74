using Tersor.Compression.Pruning;
using Tersor.Compression.Sensitivity;
using Tersor.Compression.Sharing;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Quantization;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Sharing;

public sealed class WeightSharingTests
{
    // Deep Compression, worked example: a matrix of four by four, and what is left of it beyond half a standard deviation.
    private static readonly float[] Raw = [0.12f, -0.51f, 0.02f, 0.88f, -0.03f, 0.49f, -1.02f, 0.07f, 0.95f, -0.08f, 0.45f, -0.55f, -0.97f, 0.04f, 0.53f, -0.01f];
    private static readonly float[] Pruned = [.. WeightMask.AboveDeviations(Raw, 0.5).Zip(Raw, (isKept, weight) => isKept ? weight : 0)];

    /// <summary>The note on Deep Compression, section 6: nine weights are left at these places, which others skip by 0 or 1 zeros.</summary>
    [Fact]
    public void Pruning_WorkedExample_LeavesItsSurvivorsAndGaps()
    {
        int[] places = [.. Enumerable.Range(0, Pruned.Length).Where(i => Pruned[i] != 0)];
        Assert.Equal([1, 3, 5, 6, 8, 10, 11, 12, 14], places);
        Assert.Equal([1, 1, 1, 0, 1, 1, 0, 0, 1], places.Select((place, i) => place - (i == 0 ? 0 : places[i - 1] + 1)));

        // The population deviation is 0.5569995: 0.49 is so many of them.
        double deviations = 0.49 / 0.5569995;
        Assert.True(WeightMask.AboveDeviations(Raw, deviations * (1 - 1e-6))[5]);
        Assert.False(WeightMask.AboveDeviations(Raw, deviations * (1 + 1e-6))[5]);
    }

    [Fact]
    public void Share_WorkedExample_HasItsCentroidsAndIds()
    {
        SharedWeight shared = WeightSharing.Share(Pruned, new SharingOptions { Clusters = 4 });

        Assert.Equal([-0.995f, -0.53f, 0.49f, 0.915f], shared.Centroids.ToArray(), (a, b) => MathF.Abs(a - b) < 1e-6f);
        Assert.Equal([-1, 1, -1, 3, -1, 2, 0, -1, 3, -1, 2, 1, 0, -1, 2, -1], shared.Ids.ToArray());
        Assert.Equal(0.0077, Importance.Distortion(Pruned, shared.Expand(), []), 1e-6);
    }

    [Fact]
    public void Share_WorkedExample_IsFineTunedByTheSumsOfGradients()
    {
        SharedWeight shared = WeightSharing.Share(Pruned, new SharingOptions { Clusters = 4 });
        GraphParameter parameter = ExecutableGraph.Create(Linear(Pruned)).FindParameter("w")!;
        SharedParameter function = new(parameter, shared.Ids, shared.Centroids);
        Queue<float> survivors = new([0.10f, -0.20f, 0.05f, 0.30f, 0.10f, -0.15f, 0.20f, 0.25f, -0.05f]);
        float[] gradient = [.. Pruned.Select(value => value == 0 ? 9 : survivors.Dequeue())];

        function.Backward(shared.Expand(), gradient);
        SgdOptimizer optimizer = new(momentum: 0);
        optimizer.Attach(function.Stored);
        optimizer.Step(0.1);

        Assert.Equal([0.55f, 0.30f, -0.15f, -0.10f], function.Stored[0].Gradient, (a, b) => MathF.Abs(a - b) < 1e-6f);
        Assert.Equal([-1.05f, -0.56f, 0.505f, 0.925f], function.Centroids.ToArray(), (a, b) => MathF.Abs(a - b) < 1e-6f);
    }

    [Fact]
    public void CompressionRate_IsThatOfThePublishedExample() => Assert.Equal(3.2, WeightSharing.CompressionRate(weights: 16, bits: 32, clusters: 4), 12);

    [Theory]
    [InlineData(CentroidInitialization.Linear)]
    [InlineData(CentroidInitialization.Density)]
    [InlineData(CentroidInitialization.Random)]
    [InlineData(CentroidInitialization.Optimal)]
    public void Share_EveryWeight_TakesItsNearestCentroid(CentroidInitialization initialization)
    {
        Seeded random = new(6);
        float[] weights = [.. Enumerable.Range(0, 3000).Select(_ => random.NextInt(4) == 0 ? 0 : random.NextGaussian())];

        SharedWeight shared = WeightSharing.Share(weights, new SharingOptions { Clusters = 16, Initialization = initialization, Seed = 3 });
        float[] values = shared.Expand();

        Assert.Equal(16, shared.Centroids.Length);
        float[] centroids = shared.Centroids.ToArray();
        for (int i = 0; i < weights.Length; i++)
        {
            Assert.Equal(weights[i] == 0, shared.Ids[i] < 0);
            if (weights[i] != 0) Assert.Equal(centroids.Min(centroid => Math.Abs((double)centroid - weights[i])), Math.Abs((double)values[i] - weights[i]));
        }
    }

    [Fact]
    public void Share_Importance_PullsCentroidsToTheWeightsThatMatter()
    {
        float[] weights = [1, 2, 3, 10, 11, 12];

        float[] even = WeightSharing.Share(weights, new SharingOptions { Clusters = 2 }).Centroids.ToArray();
        float[] weighted = WeightSharing.Share(weights, new SharingOptions { Clusters = 2 }, [1, 1, 98, 1, 1, 1]).Centroids.ToArray();

        Assert.Equal([2f, 11f], even);
        Assert.InRange(weighted[0], 2.5f, 3f);
        Assert.Equal(11f, weighted[1], 1e-6f);
    }

    [Fact]
    public void Share_FewerDistinctWeightsThanClusters_KeepsThem()
    {
        SharedWeight shared = WeightSharing.Share([0.5f, 0, -2, 0.5f], new SharingOptions { Clusters = 8 });

        Assert.Equal([-2, 0.5f], shared.Centroids.ToArray());
        Assert.Equal([0.5f, 0, -2, 0.5f], shared.Expand());
        Assert.Equal(new float[3], WeightSharing.Share(new float[3], new SharingOptions()).Expand());
    }

    [Fact]
    public void Share_BadArguments_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => WeightSharing.Share([1, float.NaN], new SharingOptions()));
        Assert.Throws<ArgumentException>(() => WeightSharing.Share([1, 2], new SharingOptions(), [1]));
        Assert.Throws<ArgumentException>(() => WeightSharing.Share([1, 2], new SharingOptions(), [1, -1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightSharing.Share([1, 2], new SharingOptions { Clusters = 0 }));
    }

    [Fact]
    public void Apply_SharesWhatIsNamedAndLeavesTheRest()
    {
        SharedNetwork shared = WeightSharing.Apply(Linear(Pruned), new Dictionary<string, SharingOptions> { ["w"] = new() { Clusters = 2 } });

        Assert.Equal(shared.Weights["w"].Expand(), shared.Graph.Initializers.Single(tensor => tensor.Name == "w").ReadSingles());
        Assert.Equal(3, shared.Weights["w"].Expand().Distinct().Count());
        Assert.Equal([0.1f, 0.2f, 0.3f, 0.4f], shared.Graph.Initializers.Single(tensor => tensor.Name == "b").ReadSingles());
    }

    [Fact]
    public void Apply_WithFisherInformation_ClustersByIt()
    {
        float[] values = [.. Enumerable.Range(0, 16).Select(i => 1f + (i * i))];
        FisherInformation fisher = new([new TensorFisher("w", new TensorShape(4, 4), values)], samples: 1, dropped: 0);
        SharingOptions options = new() { Clusters = 2 };

        SharedNetwork shared = WeightSharing.Apply(Linear(Pruned), new Dictionary<string, SharingOptions> { ["w"] = options }, fisher);

        Assert.Equal(WeightSharing.Share(Pruned, options, values).Expand(), shared.Weights["w"].Expand());
        Assert.NotEqual(WeightSharing.Share(Pruned, options).Expand(), shared.Weights["w"].Expand());
    }

    [Fact]
    public void Apply_TensorTooSmallForItsClusters_IsLeftAsItIs()
    {
        // Nine weights are fewer than four for each of three clusters.
        SharedNetwork shared = WeightSharing.Apply(Linear(Pruned), new Dictionary<string, SharingOptions> { ["w"] = new() { Clusters = 3 } });

        Assert.Empty(shared.Weights);
        Assert.Equal(Pruned, shared.Graph.Initializers.Single(tensor => tensor.Name == "w").ReadSingles());
    }

    [Fact]
    public void Apply_NamesEveryTensorThatCannotBeShared()
    {
        float[] weights = [.. Pruned];
        weights[3] = float.NaN;
        Dictionary<string, SharingOptions> options = new() { ["w"] = new() { Clusters = 2 }, ["missing"] = new() };

        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => WeightSharing.Apply(Linear(weights), options));

        Assert.Equal(["weight 3 of tensor 'w' is NaN; leave the tensor out", "'missing' is no initializer of float32 values"], error.Items);
    }

    private static OnnxGraph Linear(float[] weight)
    {
        OnnxGraphBuilder graph = new("linear");
        string x = graph.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(4));
        string w = graph.AddInitializer(new Tensor("w", new TensorShape(4, 4), weight));
        string b = graph.AddInitializer(new Tensor("b", new TensorShape(4), [0.1f, 0.2f, 0.3f, 0.4f]));
        graph.AddNode("Gemm", [x, w, b], [new OnnxAttribute("transB", 1)], "logits");
        graph.AddOutput("logits", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(4));
        return graph.Build();
    }
}
