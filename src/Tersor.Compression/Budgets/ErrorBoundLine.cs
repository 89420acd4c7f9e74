using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Compression.Budgets;

/// <summary>Plans with error bounds up to those that a plan states, which are promised: the last plan is that one, all before keep smaller bounds.</summary>
/// <param name="plan">With the widest bounds.</param>
public sealed class ErrorBoundLine(CompressionPlan plan) : PlanLine
{
    // From a five-hundredth of the bound: DeepSZ assesses three decades (Jin et al. 2019).
    private const int Octaves = 9;

    /// <inheritdoc/>
    public override int PlacesPerOctave => 4;

    /// <inheritdoc/>
    public override int Count => (Octaves * PlacesPerOctave) + 1;

    /// <inheritdoc/>
    public override int Start => Count / 2;

    /// <inheritdoc/>
    public override CompressionPlan At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        double share = Math.Pow(2, (double)(index - Count + 1) / PlacesPerOctave);
        return plan with
        {
            Tensors = [.. plan.Tensors.Select(tensor => tensor.ErrorBound is { } bound ? tensor with { ErrorBound = new ErrorBound(bound.Mode, Math.Max(double.Epsilon, bound.Value * share)) } : tensor)],
        };
    }
}
