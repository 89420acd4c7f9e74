namespace Tersor.Compression.Budgets;

/// <summary>How far a search is.</summary>
/// <param name="Assessed">Trials of single groups of tensors.</param>
/// <param name="ToAssess">How many of those there will be; 0 where the search makes none.</param>
/// <param name="Plans">Whole plans tried.</param>
public readonly record struct SearchProgress(int Assessed, int ToAssess, int Plans);
