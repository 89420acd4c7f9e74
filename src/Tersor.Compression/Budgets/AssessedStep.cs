using Tersor.Compression.Answers;

namespace Tersor.Compression.Budgets;

/// <summary>What one group of tensors costs and what it does to the answers with some setting, all others being as they were.</summary>
/// <param name="Setting">How coarse the group is.</param>
/// <param name="Bytes">Of its stream.</param>
/// <param name="Distance">Of the answers; <see cref="AnswerChange.Distance"/>.</param>
/// <param name="Drop">Fraction of right answers lost; <see cref="AnswerChange.Top1Drop"/>, and 0 for regression.</param>
public readonly record struct AssessedStep(GroupSetting Setting, double Bytes, double Distance, double Drop);
