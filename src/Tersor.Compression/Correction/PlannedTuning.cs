using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Compression.Correction;

/// <summary>Tunes the vectors of a network for plans: with its weights as they come back from a stream, and vectors as they were.</summary>
/// <param name="compression">Of the model as it is coded: batch normalizations folded where plans fold them.</param>
/// <param name="weights">The network.</param>
/// <param name="tuning">What learns; of that network.</param>
internal sealed class PlannedTuning(RepeatedCompression compression, DecodedWeights weights, VectorTuning tuning)
{
    /// <summary>Finds the vectors of a plan; the network has the weights of that plan then, and its original vectors.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="progress">Receives the number of samples done.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    public IReadOnlyDictionary<string, Tensor> Run(CompressionPlan plan, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        HashSet<string> vectors = [.. VectorTuning.VectorsOf(weights.Graph, plan, compression.Model)];
        using MemoryStream stream = new();
        compression.Compress(plan with { FoldBatchNorm = false, VectorTuning = false }, stream, cancellationToken);
        weights.Place(stream, plan.Tensors.Where(tensor => !vectors.Contains(tensor.Name)), [], cancellationToken);
        return tuning.Run(vectors, progress, cancellationToken);
    }
}
