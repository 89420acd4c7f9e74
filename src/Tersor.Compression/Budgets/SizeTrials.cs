using Tersor.Codec;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>Sizes of plans, for searches without data: nothing is known of answers.</summary>
/// <param name="compression">Compresses the model.</param>
public sealed class SizeTrials(RepeatedCompression compression) : IPlanTrials
{
    /// <inheritdoc/>
    public BudgetTrial Try(CompressionPlan plan, CancellationToken cancellationToken) => TrySize(plan, cancellationToken);

    /// <inheritdoc/>
    public BudgetTrial TrySize(CompressionPlan plan, CancellationToken cancellationToken) => new(plan, compression.Compress(plan, Stream.Null, cancellationToken).TotalBytes, null);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the size of single tensors alone leads nowhere.</exception>
    public BudgetTrial TryAlone(CompressionPlan plan, CancellationToken cancellationToken) => throw new NotSupportedException("Tensors are assessed by answers, which take data.");
}
