namespace Tersor.Compression.Budgets.Searches;

/// <summary>
/// A regression with uncertainty (Rasmussen and Williams 2006): Matern 5/2 covariance of one length in all dimensions, which with the share of noise is the most likely of a few.
/// </summary>
internal sealed class GaussianProcess
{
    private static readonly double[] Lengths = [0.15, 0.3, 0.6, 1.2, 2.4];
    private static readonly double[] Noises = [1e-6, 1e-3, 1e-1];

    private readonly IReadOnlyList<double[]> _points;
    private readonly double _mean;
    private readonly double _deviation;
    private readonly double _length;
    private readonly double[][] _factor;
    private readonly double[] _weights;

    /// <summary>Fits.</summary>
    /// <param name="points">Where values were seen; coordinates from 0 to 1.</param>
    /// <param name="values">One per point.</param>
    public GaussianProcess(IReadOnlyList<double[]> points, IReadOnlyList<double> values)
    {
        _points = points;
        _mean = values.Average();
        double variance = values.Average(value => (value - _mean) * (value - _mean));
        _deviation = variance > 0 ? Math.Sqrt(variance) : 1;
        double[] scaled = [.. values.Select(value => (value - _mean) / _deviation)];
        (double bestLikelihood, _length, _factor, _weights) = (double.NegativeInfinity, Lengths[0], [], []);
        foreach (double length in Lengths)
        {
            foreach (double noise in Noises)
            {
                double[][] factor = Factor(points, length, noise);
                double[] weights = SolveTransposed(factor, Solve(factor, scaled));
                double likelihood = 0;
                for (int i = 0; i < scaled.Length; i++) likelihood -= (scaled[i] * weights[i] / 2) + Math.Log(factor[i][i]);
                if (likelihood > bestLikelihood) (bestLikelihood, _length, _factor, _weights) = (likelihood, length, factor, weights);
            }
        }
    }

    /// <summary>What is expected at a point, and how far off that may be: mean and standard deviation.</summary>
    public (double Mean, double Deviation) At(double[] point)
    {
        double[] covariances = [.. _points.Select(other => Covariance(point, other, _length))];
        double mean = 0;
        for (int i = 0; i < covariances.Length; i++) mean += covariances[i] * _weights[i];
        double explained = Solve(_factor, covariances).Sum(value => value * value);
        return (_mean + (_deviation * mean), _deviation * Math.Sqrt(Math.Max(1e-12, 1 - explained)));
    }

    private static double Covariance(double[] first, double[] second, double length)
    {
        double squares = 0;
        for (int i = 0; i < first.Length; i++) squares += (first[i] - second[i]) * (first[i] - second[i]);
        double distance = Math.Sqrt(5 * squares) / length;
        return (1 + distance + (distance * distance / 3)) * Math.Exp(-distance);
    }

    // The lower Cholesky factor of the covariances with noise on the diagonal.
    private static double[][] Factor(IReadOnlyList<double[]> points, double length, double noise)
    {
        double[][] factor = new double[points.Count][];
        for (int i = 0; i < factor.Length; i++)
        {
            factor[i] = new double[i + 1];
            for (int j = 0; j <= i; j++)
            {
                double sum = Covariance(points[i], points[j], length) + (i == j ? noise + 1e-9 : 0);
                for (int k = 0; k < j; k++) sum -= factor[i][k] * factor[j][k];
                factor[i][j] = i == j ? Math.Sqrt(Math.Max(sum, 1e-12)) : sum / factor[j][j];
            }
        }

        return factor;
    }

    private static double[] Solve(double[][] factor, double[] right)
    {
        double[] solved = [.. right];
        for (int i = 0; i < solved.Length; i++)
        {
            for (int k = 0; k < i; k++) solved[i] -= factor[i][k] * solved[k];
            solved[i] /= factor[i][i];
        }

        return solved;
    }

    private static double[] SolveTransposed(double[][] factor, double[] right)
    {
        double[] solved = [.. right];
        for (int i = solved.Length - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < solved.Length; k++) solved[i] -= factor[k][i] * solved[k];
            solved[i] /= factor[i][i];
        }

        return solved;
    }
}
