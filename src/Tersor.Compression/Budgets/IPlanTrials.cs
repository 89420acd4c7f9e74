using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>Finds out what plans for one model cost: what every search asks. The same plan always gives the same trial.</summary>
public interface IPlanTrials
{
    /// <summary>Size and answers with a plan for all tensors.</summary>
    BudgetTrial Judge(CompressionPlan plan, CancellationToken cancellationToken = default);

    /// <summary>The same on more samples: for what a search asks once.</summary>
    BudgetTrial JudgeWidely(CompressionPlan plan, CancellationToken cancellationToken = default);

    /// <summary>The size alone.</summary>
    BudgetTrial Measure(CompressionPlan plan, CancellationToken cancellationToken = default);

    /// <summary>Size and answers with a plan for some tensors, all others being as they were: on fewer samples, as there are many such trials.</summary>
    BudgetTrial Assess(CompressionPlan plan, CancellationToken cancellationToken = default);
}
