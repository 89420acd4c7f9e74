using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>The plans of the qualities 100 to 1, for which no data are needed.</summary>
/// <param name="model">The model.</param>
/// <param name="options">All but the quality.</param>
/// <param name="threads">Tensors looked at side by side.</param>
public sealed class QualityLine(Model model, PlanOptions options, int threads) : PlanLine
{
    private const int Finest = 100;

    /// <inheritdoc/>
    public override int Count => Finest;

    /// <inheritdoc/>
    public override int PlacesPerOctave => 16;

    /// <inheritdoc/>
    public override int Start => Finest - PlanOptions.DefaultQuality;

    /// <inheritdoc/>
    public override CompressionPlan At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return PlanBuilder.Build(model, options with { Quality = Finest - index }, threads);
    }
}
