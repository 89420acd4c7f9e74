namespace Tersor.Quantization;

/// <summary>
/// Levels of a uniform grid that lie within reach of their weights. Of several that do, the one nearest to zero is taken: it is the cheapest to code, so a
/// step a little below twice the bound costs next to nothing.
/// </summary>
/// <remarks>Everything is computed in binary64; that a level's binary32 value keeps the bound is for the caller to check (see <c>ErrorBoundCheck</c>).</remarks>
public static class ErrorBoundedQuantizer
{
    /// <summary>|level| = the least k of 0 or more with |weight| - k * step not above reach.</summary>
    /// <param name="weights">Finite weights.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="reach">How far a weight may be from its level; at least half a step.</param>
    /// <param name="levels">Receives one level per weight; same length.</param>
    /// <returns>False where a weight is NaN, infinite, or more than <see cref="LevelRange.MaxMagnitude"/> steps from zero; the levels are worthless then.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The step is not a positive finite number, or the reach leaves gaps between levels.</exception>
    public static bool TryQuantize(ReadOnlySpan<float> weights, double step, double reach, Span<int> levels)
    {
        UniformQuantizer.RequireSameLength(weights.Length, levels.Length, nameof(levels));
        LevelRange.RefuseStep(step);
        if (!(reach >= step / 2)) throw new ArgumentOutOfRangeException(nameof(reach), reach, "Levels that reach less than half a step leave gaps.");
        for (int i = 0; i < weights.Length; i++)
        {
            if (!TryFindLevel(weights[i], step, reach, out levels[i])) return false;
        }

        return true;
    }

    /// <summary>The level of one value; false where it has none.</summary>
    internal static bool TryFindLevel(double value, double step, double reach, out int level)
    {
        double magnitude = Math.Ceiling((Math.Abs(value) - reach) / step);
        level = magnitude is > 0 and <= LevelRange.MaxMagnitude ? (int)magnitude : 0;
        if (value < 0) level = -level;
        return magnitude <= LevelRange.MaxMagnitude;
    }
}
