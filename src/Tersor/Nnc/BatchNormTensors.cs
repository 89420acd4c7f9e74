namespace Tersor.Nnc;

/// <summary>The four tensors of a batch norm operator, one value per channel.</summary>
/// <param name="Beta">Added last.</param>
/// <param name="Gamma">Factor.</param>
/// <param name="Mean">Running mean.</param>
/// <param name="Variance">Running variance.</param>
public sealed record BatchNormTensors(float[] Beta, float[] Gamma, float[] Mean, float[] Variance);
