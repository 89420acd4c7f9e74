using Tersor.Compression.Sensitivity;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Quantization;

namespace Tersor.Compression.Sharing;

/// <summary>
/// Weight sharing: k-means over the weights of a tensor that are not zero, so that each needs only the number of its cluster (Han, Mao, Dally, Deep Compression, ICLR 2016, section 3). Zeros stay
/// zeros. With importances, such as Fisher information, clusters are centred on the weights that matter (Choi et al., arXiv 1612.01543).
/// </summary>
public static class WeightSharing
{
    // With fewer weights to a cluster the codebook outweighs what ids save.
    private const int LeastWeightsPerCluster = 4;

    /// <summary>How many times smaller sharing alone makes weights: <c>n b / (n log2 k + k b)</c>.</summary>
    /// <param name="weights">n, how many there are.</param>
    /// <param name="bits">b, what each takes before, and what a centroid takes.</param>
    /// <param name="clusters">k, how many distinct ones are left.</param>
    public static double CompressionRate(long weights, int bits, int clusters)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(weights, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 1);
        return (double)weights * bits / ((weights * Math.Log2(clusters)) + ((double)clusters * bits));
    }

    /// <summary>Whether so many weights that are not zero are worth that number of clusters: four to each, or more.</summary>
    public static bool Pays(int weights, int clusters) => weights >= (long)LeastWeightsPerCluster * clusters;

    /// <summary>Clusters the weights of one tensor.</summary>
    /// <param name="weights">Finite weights; zeros take no part.</param>
    /// <param name="options">How; fewer clusters come where there are fewer distinct weights.</param>
    /// <param name="importance">One factor per weight, finite and not negative, such as its Fisher information; empty for all the same.</param>
    /// <param name="cancellationToken">Checked between the steps of k-means.</param>
    /// <exception cref="ArgumentException">A weight is not finite, an importance is not allowed, or the lengths differ.</exception>
    public static SharedWeight Share(
        ReadOnlySpan<float> weights, SharingOptions options, ReadOnlySpan<float> importance = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!importance.IsEmpty && importance.Length != weights.Length)
            throw new ArgumentException($"{importance.Length} importances are given for {weights.Length} weights.", nameof(importance));
        int count = weights.Length - weights.Count(0f);
        float[] survivors = new float[count];
        float[] factors = new float[importance.IsEmpty ? 0 : count];
        int at = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0) continue;
            survivors[at] = weights[i];
            if (factors.Length > 0) factors[at] = importance[i];
            at++;
        }

        double[] means = KMeans.FindCentroids(
            survivors, options.Clusters, options.Initialization, factors.Length == 0 ? factors : Importance.Normalize(factors), options.Seed, cancellationToken);
        float[] centroids = ToSingles(means);
        double[] borders = new double[Math.Max(0, centroids.Length - 1)];
        for (int j = 0; j < borders.Length; j++) borders[j] = ((double)centroids[j] + centroids[j + 1]) / 2;
        int[] ids = new int[weights.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            // On a border the lower centroid is as near.
            int border = borders.AsSpan().BinarySearch((double)weights[i]);
            ids[i] = weights[i] == 0 ? -1 : border < 0 ? ~border : border;
        }

        return new SharedWeight(ids, centroids);
    }

    /// <summary>Shares the weights of chosen tensors of a network; those that are too small for their clusters (<see cref="Pays"/>) are left as they are.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="tensors">How, by the name of an initializer of binary32 values.</param>
    /// <param name="fisher">Makes clusters follow the weights that matter; null for all the same.</param>
    /// <param name="cancellationToken">Checked all along.</param>
    /// <exception cref="UnsupportedModelException">The network has no such initializers, or they hold other types, NaN or infinity; all are listed.</exception>
    public static SharedNetwork Apply(
        OnnxGraph graph, IReadOnlyDictionary<string, SharingOptions> tensors, FisherInformation? fisher = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(tensors);
        Dictionary<string, Tensor> initializers = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Dictionary<string, SharedWeight> shared = new(StringComparer.Ordinal);
        Dictionary<string, Tensor> changed = new(StringComparer.Ordinal);
        List<string> problems = [];
        foreach ((string name, SharingOptions options) in tensors)
        {
            if (initializers.GetValueOrDefault(name) is not { ElementType: ElementType.Float32 } tensor)
            {
                problems.Add($"'{name}' is no initializer of float32 values");
                continue;
            }

            float[] weights = tensor.ReadSingles(cancellationToken);
            int bad = NonFiniteWeight.IndexOf(weights);
            if (bad >= 0) problems.Add($"weight {bad} of tensor '{name}' is {weights[bad]:R}; leave the tensor out");
            if (bad >= 0 || !Pays(weights.Length - weights.AsSpan().Count(0f), options.Clusters)) continue;
            ReadOnlySpan<float> importance = fisher is not null && fisher.TryFind(name, out TensorFisher? found) ? found.AsSpan() : [];
            SharedWeight weight = Share(weights, options, importance, cancellationToken);
            shared.Add(name, weight);
            changed.Add(name, new Tensor(name, tensor.Shape, weight.Expand()));
        }

        if (problems.Count > 0) throw new UnsupportedModelException(graph.Source, problems);
        return new SharedNetwork(graph.WithInitializers(changed), shared);
    }

    // Means that round to the same number are one centroid.
    private static float[] ToSingles(double[] means)
    {
        List<float> centroids = new(means.Length);
        foreach (double mean in means)
        {
            if (centroids.Count == 0 || (float)mean > centroids[^1]) centroids.Add((float)mean);
        }

        return [.. centroids];
    }
}
