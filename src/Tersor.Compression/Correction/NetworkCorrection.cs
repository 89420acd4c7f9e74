using Tersor.Codec;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Compression.Correction;

/// <summary>
/// Lets the vectors of a network take up what the quantization of its weights does to means and variances inside, layer after layer: each is measured with all before it
/// corrected (bias correction of Nagel et al. 2019, arXiv 1906.04721, measured instead of derived; re-estimated batch normalization of Sun et al. 2019).
/// </summary>
public static class NetworkCorrection
{
    /// <summary>Finds the corrected vectors.</summary>
    /// <param name="model">The model, with a graph of one binary32 input; batch normalizations as they are in its file.</param>
    /// <param name="plan">Which corrections, and how weights are quantized.</param>
    /// <param name="statistics">What else the plan needs.</param>
    /// <param name="samples">From the train part; labels are not looked at.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="threads">Where the kernels run; the result does not depend on how many.</param>
    /// <param name="progress">Receives the number of vectors done.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <returns>By name, tensors that take the place of the model's.</returns>
    /// <exception cref="UnsupportedModelException">The model has no graph, or one that the engine does not run.</exception>
    /// <exception cref="DataMismatchException">Samples and model do not fit each other.</exception>
    public static IReadOnlyDictionary<string, Tensor> Run(
        Model model,
        CompressionPlan plan,
        PlanStatistics statistics,
        SampleSet samples,
        Preprocessing preprocessing,
        KernelThreads threads,
        IProgress<int>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(threads);
        OnnxGraph original = OnnxGraph.FromModel(model);
        Dictionary<string, Tensor> corrected = new(StringComparer.Ordinal);
        IReadOnlyList<CorrectedPlace> places = CorrectedPlace.Of(
            original, plan.BiasCorrection, plan.BatchNormReestimation, tensor => model.Find(tensor.Name) is { } found && model.CanDetach(found));
        if (places.Count == 0) return corrected;

        ValueProbe probe = new(samples, preprocessing, threads, cancellationToken);
        IReadOnlyList<ChannelMoments> before = probe.Measure(original, [.. places.Select(place => (place.Value, place.Axis))]);
        OnnxGraph quantized = original.WithInitializers(QuantizedWeights(model, original, plan, statistics, threads.Count, cancellationToken));
        for (int i = 0; i < places.Count; i++)
        {
            CorrectedPlace place = places[i];
            ChannelMoments now = probe.Measure(quantized.WithInitializers(corrected), [(place.Value, place.Axis)])[0];
            foreach (Tensor tensor in place.Correct(before[i], now)) corrected[tensor.Name] = tensor;
            progress?.Report(i + 1);
        }

        return corrected;
    }

    /// <summary>How many places there are to correct; what <see cref="Run"/> reports its progress of.</summary>
    public static int CountPlaces(Model model, CompressionPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return CorrectedPlace.Of(OnnxGraph.FromModel(model), plan.BiasCorrection, plan.BatchNormReestimation, tensor => model.Find(tensor.Name) is { } found && model.CanDetach(found)).Count;
    }

    // As they come back from a stream. Vectors stay as they were: their own errors are small and do not add up.
    private static Dictionary<string, Tensor> QuantizedWeights(
        Model model, OnnxGraph graph, CompressionPlan plan, PlanStatistics statistics, int threads, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new();
        ModelCompressor.Compress(model, plan with { BiasCorrection = false, BatchNormReestimation = false }, stream, threads, null, statistics, cancellationToken);
        using CompressedModel decoded = CompressedModel.Open(stream.ToArray());
        HashSet<string> weights = [.. graph.Initializers.Where(tensor => tensor is { ElementType: ElementType.Float32, Shape.Rank: >= 2 }).Select(tensor => tensor.Name)];
        return decoded.Tensors.Where(tensor => weights.Contains(tensor.Name)).ToDictionary(
            tensor => tensor.Name, tensor => new Tensor(tensor.Name, tensor.Shape, decoded.Decode(tensor.Name)), StringComparer.Ordinal);
    }
}
