using Tersor.Compression.Answers;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>What came of a plan that was tried.</summary>
/// <param name="Plan">As it was tried: it gives the same bytes again.</param>
/// <param name="Bytes">Of the whole stream.</param>
/// <param name="Change">How the answers changed; null where nobody asked.</param>
public sealed record BudgetTrial(CompressionPlan Plan, long Bytes, AnswerChange? Change);
