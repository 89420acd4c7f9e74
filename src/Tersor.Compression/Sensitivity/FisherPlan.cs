using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Compression.Sensitivity;

/// <summary>Step sizes by importance: fragile tensors finer, robust ones coarser, at the same predicted damage.</summary>
public static class FisherPlan
{
    // A tensor that no sample says anything about still counts as this share of the mean: else its step would have no bound.
    private const double LeastShare = 1e-8;

    /// <summary>
    /// Moves the steps of the tensors with two or more dimensions. Rounding to a step costs about <c>n F step^2 / 24</c> nats of divergence and saves <c>n log2</c> bits
    /// of it; for one total of the damage the bits are fewest where <c>F step^2</c> is the same everywhere (reverse water-filling of rate-distortion theory).
    /// </summary>
    /// <param name="plan">Whose steps give the total of the damage.</param>
    /// <param name="fisher">Importance of the weights.</param>
    /// <returns>The plan with other QPs; tensors that <paramref name="fisher"/> does not know, vectors, and tensors kept exactly stay as they are.</returns>
    public static CompressionPlan Adjust(CompressionPlan plan, FisherInformation fisher)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(fisher);
        double least = LeastShare * fisher.Mean;
        (double damage, double weights) = (0, 0);
        foreach (TensorPlan tensor in plan.Tensors)
        {
            if (Importance(tensor, fisher, least) is not { } importance) continue;
            double step = StepSize.FromQp(tensor.Qp, plan.QpDensity);
            damage += importance.Count * importance.Mean * step * step;
            weights += importance.Count;
        }

        // No weights, or a model whose answers depend on none of them.
        if (!(damage > 0)) return plan;
        double level = damage / weights;
        return plan with
        {
            Tensors = [.. plan.Tensors.Select(tensor =>
                Importance(tensor, fisher, least) is { } importance
                    ? tensor with { Qp = StepSize.ToQp(Math.Sqrt(level / importance.Mean), plan.QpDensity) }
                    : tensor)],
        };
    }

    private static (double Mean, double Count)? Importance(TensorPlan plan, FisherInformation fisher, double least) =>
        plan.Method.IsLossy() && fisher.TryFind(plan.Name, out TensorFisher? tensor) && tensor.Shape.Rank >= 2 && tensor.Values.Count > 0
            ? (Math.Max(tensor.Mean, least), tensor.Values.Count)
            : null;
}
