namespace Tersor.Quantization;

/// <summary>
/// A factor for each row of a quantized tensor: the one with the least weighted error, which makes what is kept orthogonal to the error (the first rule of <see cref="Importance"/>).
/// Rate terms pull levels towards zero; the factors give back what rows lose by it.
/// </summary>
public static class LocalScaling
{
    /// <summary>Steps of the factors as a power of two: a 64th.</summary>
    internal const int StepExponent = -6;

    // A row that lost nearly all of itself is no direction to scale.
    private const double LargestFactor = 2;

    /// <summary>Finds the factors: <c>sum I w v / sum I v^2</c> over a row, 1 for a row of zeros, none beyond a factor of 2.</summary>
    /// <param name="weights">What was there, row-major.</param>
    /// <param name="values">What levels stand for; same length.</param>
    /// <param name="importance">One factor per weight; empty for all 1.</param>
    /// <param name="factors">Receives one value per row.</param>
    /// <exception cref="ArgumentException">The lengths differ or make no rows.</exception>
    public static void Fit(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<float> factors)
    {
        UniformQuantizer.RequireSameLength(weights.Length, values.Length, nameof(values));
        if (!importance.IsEmpty) UniformQuantizer.RequireSameLength(weights.Length, importance.Length, nameof(importance));
        if (factors.IsEmpty || weights.Length % factors.Length != 0) throw new ArgumentException($"{weights.Length} weights have no {factors.Length} rows.", nameof(factors));
        int columns = weights.Length / factors.Length;
        for (int row = 0; row < factors.Length; row++)
        {
            (double product, double square) = (0, 0);
            for (int i = row * columns; i < (row + 1) * columns; i++)
            {
                double weighted = (importance.IsEmpty ? 1 : importance[i]) * (double)values[i];
                product += weighted * weights[i];
                square += weighted * values[i];
            }

            factors[row] = square > 0 ? (float)Math.Clamp(product / square, 1 / LargestFactor, LargestFactor) : 1;
        }
    }
}
