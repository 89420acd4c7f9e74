using Tersor.Compression.Sensitivity;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Quantization;

namespace Tersor.Compression.Calibration;

/// <summary>
/// What errors of all weights of a network cost, as the mean squared distance by which they move its outputs: a quadratic form for each convolution and each product with a
/// weight, and a factor for each other weight.
/// </summary>
/// <remarks>
/// The form is Kronecker-factored (<see cref="RowCurvature"/>). Its diagonal is scaled row by row to add up to the squared gradients that <see cref="FisherEstimator"/> finds.
/// </remarks>
public sealed class NetworkCurvature
{
    // Rows without influence on these samples may have some on others.
    private const double LeastRowShare = 1e-4;

    // Random signs of different samples cancel out; more per pass cost variance, which sums over rows have to spare.
    private const int Batch = 32;

    private NetworkCurvature(IReadOnlyDictionary<string, RowCurvature> rows, FisherInformation weights) => (Rows, Weights) = (rows, weights);

    /// <summary>Of convolutions and products, by the name of the weight.</summary>
    public IReadOnlyDictionary<string, RowCurvature> Rows { get; }

    /// <summary>For every weight the cost of a unit of its squared error alone.</summary>
    public FisherInformation Weights { get; }

    /// <summary>What a unit of squared error of a tensor's weights costs on average; null where no gradient reaches them.</summary>
    public double? MeanCost(string tensor) =>
        Rows.TryGetValue(tensor, out RowCurvature? rows) ? rows.Mean : Weights.TryFind(tensor, out TensorFisher? weights) ? weights.Mean : null;

    /// <summary>About how many bytes <see cref="Estimate"/> takes beside a training pass: moments, their factors, and sums of squared gradients.</summary>
    public static long EstimateMemory(ExecutableGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);

        // Factors hold half a matrix in half the width.
        long moments = RowMoments.EstimateMemory(graph);
        return moments + (moments / 4) + graph.Parameters.Where(parameter => parameter.IsTrainable).Sum(parameter => parameter.Shape.ElementCount * (sizeof(double) + sizeof(float)));
    }

    /// <summary>Runs samples forward and backward.</summary>
    /// <param name="graph">The network as it is.</param>
    /// <param name="samples">From the train part; all are used for second moments.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="damping">Shares of the mean that are added to the diagonals of <see cref="RowCurvature"/>.</param>
    /// <param name="seed">Decides the signs of gradients.</param>
    /// <param name="threads">Where the kernels run; the result does not depend on how many.</param>
    /// <param name="progress">Receives the number of samples done.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    public static NetworkCurvature Estimate(
        ExecutableGraph graph,
        SampleSet samples,
        Preprocessing preprocessing,
        (double Inputs, double Outputs) damping,
        ulong seed,
        KernelThreads threads,
        IProgress<int>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(samples);
        FisherEstimator estimator = new(
            graph, samples, preprocessing, new FisherOptions { Labels = FisherLabels.OfOutputs, Samples = samples.Count, Batch = Batch, Seed = seed }, threads);
        RowMoments moments = estimator.SumMoments();
        FisherInformation weights = estimator.Run(progress, cancellationToken);
        Dictionary<string, RowCurvature> rows = new(StringComparer.Ordinal);
        foreach (LayerMoments layer in moments.Layers)
        {
            if (!weights.TryFind(layer.Weight, out TensorFisher? fisher)) continue;
            IReadOnlyList<double[]> inputs = layer.Inputs();
            double[] outputs = layer.OutputGradients();
            Rescale(outputs, RowCosts(layer, inputs, fisher));

            // Of a weight that is stored the other way round, the form is the same with its factors exchanged.
            rows.Add(
                layer.Weight,
                layer.HasColumns
                    ? new RowCurvature([outputs], inputs[0], damping.Outputs, damping.Inputs)
                    : new RowCurvature(inputs, outputs, damping.Inputs, damping.Outputs));
        }

        return new NetworkCurvature(rows, weights);
    }

    // What a unit of squared error of each row's output costs: what makes the costs of single weights add up to those of the Fisher information.
    private static double[] RowCosts(LayerMoments layer, IReadOnlyList<double[]> inputs, TensorFisher fisher)
    {
        double[] traces = [.. inputs.Select(moments =>
        {
            double trace = 0;
            for (int i = 0; i < layer.Columns; i++) trace += moments[((long)i * layer.Columns) + i];
            return trace;
        })];
        int rowsPerGroup = layer.Rows / inputs.Count;
        double[] costs = [.. OutputSums(layer, fisher).Select((sum, row) => traces[row / rowsPerGroup] > 0 ? sum / traces[row / rowsPerGroup] : 0)];
        double mean = costs.Average();
        return [.. costs.Select(cost => mean > 0 ? Math.Max(cost, LeastRowShare * mean) : 1)];
    }

    private static double[] OutputSums(LayerMoments layer, TensorFisher fisher)
    {
        if (!layer.HasColumns) return fisher.ChannelSums();
        ReadOnlySpan<float> values = fisher.AsSpan();
        double[] sums = new double[layer.Rows];
        for (int i = 0; i < values.Length; i++) sums[i % sums.Length] += values[i];
        return sums;
    }

    // Places of an image are not independent: gradients tell how rows depend on one another, their squares do not tell by how much rows matter.
    private static void Rescale(double[] outputs, double[] costs)
    {
        int rows = costs.Length;
        double[] scales = [.. costs.Select((cost, row) => outputs[(row * rows) + row] > 0 ? Math.Sqrt(cost / outputs[(row * rows) + row]) : 0)];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < rows; j++) outputs[(i * rows) + j] *= scales[i] * scales[j];
            outputs[(i * rows) + i] = costs[i];
        }
    }
}
