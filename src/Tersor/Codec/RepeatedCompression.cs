using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Codec;

/// <summary>Compresses one model with many plans, as a search does: tensors whose settings were tried before are not coded again. Safe from several threads.</summary>
/// <param name="model">The model.</param>
/// <param name="threads">Tensors, and segments of large tensors, worked on side by side; the bytes do not depend on it.</param>
/// <param name="statistics">What data say of the model, where plans need it; null for nothing.</param>
/// <param name="maxBytes">Coded tensors that are kept in memory.</param>
public sealed class RepeatedCompression(Model model, int threads, PlanStatistics? statistics = null, long maxBytes = RepeatedCompression.UsualMaxBytes)
{
    /// <summary>What is kept unless told: enough for hundreds of plans of networks with a few million weights.</summary>
    public const long UsualMaxBytes = 64 << 20;

    private readonly CodedTensors _known = new(maxBytes);

    /// <summary>The model.</summary>
    public Model Model => model;

    /// <summary>Writes the stream that <see cref="ModelCompressor"/> writes for the same plan.</summary>
    /// <inheritdoc cref="ModelCompressor.Compress(Model, CompressionPlan, Stream, int, IProgress{ModelProgress}?, PlanStatistics?, CancellationToken)"/>
    public CompressionReport Compress(CompressionPlan plan, Stream destination, CancellationToken cancellationToken = default) =>
        ModelCompressor.Compress(model, plan, destination, _known, threads, progress: null, statistics, cancellationToken);

    /// <summary>Writes the stream that <see cref="ModelCompressor"/> writes for a plan with <see cref="CompressionPlan.VectorTuning"/>.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="tuned">As in <see cref="PlanStatistics.Tuned"/>.</param>
    /// <param name="destination">Receives the stream.</param>
    /// <param name="cancellationToken">As there.</param>
    public CompressionReport Compress(CompressionPlan plan, IReadOnlyDictionary<string, Tensor> tuned, Stream destination, CancellationToken cancellationToken = default) =>
        ModelCompressor.Compress(model, plan, destination, _known, threads, progress: null, (statistics ?? PlanStatistics.None).With(tuned), cancellationToken);
}
