namespace Tersor.Quantization;

/// <summary>
/// Importances of weights: factors on their squared errors, of which the diagonal of the Fisher information is the usual one. The two rules of rate-distortion theory for
/// networks are about them (Gao et al. 2019, arXiv 1810.06401): what is kept is orthogonal to the error, and the weighted error is least.
/// </summary>
public static class Importance
{
    // Samples say nothing about some weights that others will need: no error is free.
    private const double LeastShare = 0.1;

    /// <summary>Importances as quantizers take them: with mean 1, none below a tenth of it. All 1 where all are zero, as in a layer that no sample reaches.</summary>
    /// <param name="values">Finite and not negative.</param>
    /// <returns>One factor per value.</returns>
    /// <exception cref="ArgumentException">A value is negative or not finite.</exception>
    public static float[] Normalize(ReadOnlySpan<float> values)
    {
        if (Problem(values, values.Length) is { } problem) throw new ArgumentException(problem, nameof(values));
        double sum = 0;
        foreach (float value in values) sum += value;
        float[] factors = new float[values.Length];
        if (sum == 0)
        {
            Array.Fill(factors, 1);
            return factors;
        }

        double mean = sum / values.Length;
        double floored = 0;
        foreach (float value in values) floored += Math.Max(value, LeastShare * mean);
        double scale = values.Length / floored;
        for (int i = 0; i < factors.Length; i++) factors[i] = (float)(Math.Max(values[i], LeastShare * mean) * scale);
        return factors;
    }

    /// <summary>The weighted error <c>sum I (w - v)^2</c>, which the second rule makes least under what else is asked.</summary>
    /// <param name="weights">What was there.</param>
    /// <param name="values">What took its place.</param>
    /// <param name="importance">One factor per weight; empty for all 1.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Distortion(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, ReadOnlySpan<float> importance)
    {
        Check(weights, values, importance);
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double error = (double)weights[i] - values[i];
            sum += (importance.IsEmpty ? 1 : importance[i]) * error * error;
        }

        return sum;
    }

    /// <summary>
    /// <c>sum I v (w - v)</c>, which is 0 where the first rule holds: always for weights that are kept or zeroed, and for clusters of weights around their weighted means.
    /// </summary>
    /// <inheritdoc cref="Distortion"/>
    public static double Correlation(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, ReadOnlySpan<float> importance)
    {
        Check(weights, values, importance);
        double sum = 0;
        for (int i = 0; i < weights.Length; i++) sum += (importance.IsEmpty ? 1 : importance[i]) * (double)values[i] * ((double)weights[i] - values[i]);
        return sum;
    }

    /// <summary>What keeps values from being the importances of so many weights; null where nothing does.</summary>
    internal static string? Problem(ReadOnlySpan<float> values, long count)
    {
        if (values.Length != count) return $"{values.Length} importances are given for {count} weights";
        int bad = NonFiniteWeight.IndexOf(values);
        if (bad < 0) bad = values.IndexOfAnyExceptInRange(-0f, float.MaxValue);
        return bad < 0 ? null : $"importance {bad} is {values[bad]:R}, not a finite number of at least 0";
    }

    private static void Check(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, ReadOnlySpan<float> importance)
    {
        UniformQuantizer.RequireSameLength(weights.Length, values.Length, nameof(values));
        if (!importance.IsEmpty) UniformQuantizer.RequireSameLength(weights.Length, importance.Length, nameof(importance));
    }
}
