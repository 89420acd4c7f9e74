namespace Tersor.Compression.Budgets;

/// <summary>How coarse the tensors of a group are.</summary>
/// <param name="Place">Of the plan of the line that they take their steps from.</param>
/// <param name="LambdaFactor">Multiplies the weight of the bits, where the plan gives them one.</param>
public readonly record struct GroupSetting(int Place, double LambdaFactor = 1);
