namespace Tersor.Compression.Budgets.Searches;

/// <summary>The normal distribution of mean 0 and deviation 1.</summary>
internal static class NormalDistribution
{
    /// <summary>The density.</summary>
    public static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>The probability of less than <paramref name="x"/>, to 1e-7 (Abramowitz and Stegun 1964, 26.2.17).</summary>
    public static double Below(double x)
    {
        double t = 1 / (1 + (0.2316419 * Math.Abs(x)));
        double above = Density(x) * t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return x >= 0 ? 1 - above : above;
    }
}
