using System.Numerics.Tensors;

namespace Tersor.Compression.Theory;

/// <summary>
/// The fewest bits in which independent normal weights can be told at a weighted squared error: reverse water-filling with weights (Gao et al. 2019, arXiv 1810.06401, theorem 2;
/// for a linear model with inputs that do not depend on one another the importances are their variances). Nothing can beat it, and codes of long blocks reach it.
/// </summary>
/// <remarks>Weight <c>i</c> gets the error <c>min(level / importance_i, variance_i)</c> and <c>1/2 log2(variance_i / error_i)</c> bits: one level for all, and none for weights below it.</remarks>
public sealed class WaterFilling
{
    // Each halves the interval; binary64 has no more places.
    private const int Halvings = 200;

    private readonly double[] _errors;

    private WaterFilling(ReadOnlySpan<double> importances, ReadOnlySpan<double> variances, double level)
    {
        Level = level;
        _errors = new double[importances.Length];
        for (int i = 0; i < _errors.Length; i++)
        {
            _errors[i] = ErrorAt(level, importances[i], variances[i]);
            Distortion += importances[i] * _errors[i];
            if (_errors[i] < variances[i]) Bits += Math.Log2(variances[i] / _errors[i]) / 2;
        }
    }

    /// <summary>The weighted error of every weight that gets bits.</summary>
    public double Level { get; }

    /// <summary>The weighted error of all together.</summary>
    public double Distortion { get; }

    /// <summary>Bits of all together.</summary>
    public double Bits { get; }

    /// <summary>Mean squared error of each weight.</summary>
    public IReadOnlyList<double> Errors => _errors;

    /// <summary>The fewest bits at a distortion.</summary>
    /// <param name="importances">What a unit of squared error of each weight counts for, finite and not negative.</param>
    /// <param name="variances">Of each weight, finite and not negative; same length.</param>
    /// <param name="distortion">Weighted squared error of all weights together, more than 0. At the sum of importance and variance or more, there are no bits.</param>
    /// <exception cref="ArgumentException">A number is out of range, or the lengths differ.</exception>
    public static WaterFilling At(double distortion, ReadOnlySpan<double> importances, ReadOnlySpan<double> variances)
    {
        if (!(distortion > 0)) throw new ArgumentOutOfRangeException(nameof(distortion), "Exact weights take infinitely many bits: a distortion is more than 0.");
        if (importances.Length != variances.Length) throw new ArgumentException($"{variances.Length} variances are given for {importances.Length} weights.", nameof(variances));
        double highest = 0;
        for (int i = 0; i < importances.Length; i++)
        {
            if (!(importances[i] >= 0 && variances[i] >= 0) || !double.IsFinite(importances[i] * variances[i]))
                throw new ArgumentException($"Weight {i} has importance {importances[i]:R} and variance {variances[i]:R}; both are finite and not negative.", nameof(importances));
            highest = Math.Max(highest, importances[i] * variances[i]);
        }

        (double low, double high) = (0, highest);
        if (TensorPrimitives.Dot(importances, variances) <= distortion) low = highest;
        for (int i = 0; i < Halvings && low < high; i++)
        {
            double middle = low + ((high - low) / 2);
            if (middle == low || middle == high) break;
            if (DistortionAt(middle, importances, variances) > distortion) high = middle;
            else low = middle;
        }

        return new WaterFilling(importances, variances, low);
    }

    private static double DistortionAt(double level, ReadOnlySpan<double> importances, ReadOnlySpan<double> variances)
    {
        double sum = 0;
        for (int i = 0; i < importances.Length; i++) sum += Math.Min(level, importances[i] * variances[i]);
        return sum;
    }

    // What counts for nothing may be lost.
    private static double ErrorAt(double level, double importance, double variance) => importance * variance > level ? level / importance : variance;
}
