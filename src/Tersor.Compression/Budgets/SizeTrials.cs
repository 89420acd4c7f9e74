using Tersor.Codec;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>Sizes of plans, for searches without data: nothing is known of answers.</summary>
/// <param name="compression">Compresses the model.</param>
public sealed class SizeTrials(RepeatedCompression compression) : IPlanTrials
{
    /// <inheritdoc/>
    public BudgetTrial Judge(CompressionPlan plan, CancellationToken cancellationToken = default) => Measure(plan, cancellationToken);

    /// <inheritdoc/>
    public BudgetTrial JudgeWidely(CompressionPlan plan, CancellationToken cancellationToken = default) => Measure(plan, cancellationToken);

    /// <inheritdoc/>
    public BudgetTrial Measure(CompressionPlan plan, CancellationToken cancellationToken = default) => new(plan, compression.Compress(plan, Stream.Null, cancellationToken).TotalBytes, null);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the size of single tensors alone leads nowhere.</exception>
    public BudgetTrial Assess(CompressionPlan plan, CancellationToken cancellationToken = default) => throw new NotSupportedException("Tensors are assessed by answers, which take data.");
}
