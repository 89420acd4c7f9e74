using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Cli;

/// <summary>All that the bytes of a file follow from, beside the model.</summary>
/// <param name="Plan">The settings of every tensor.</param>
/// <param name="Curvatures">What errors cost, by tensor; null where nobody took statistics.</param>
internal sealed record PlannedLevels(CompressionPlan Plan, IReadOnlyDictionary<string, RowCurvature>? Curvatures = null)
{
    /// <summary>Whether statistics are still to be taken.</summary>
    public bool LacksCurvatures => Curvatures is null && Plan.Tensors.Any(tensor => tensor.Compensated);
}
