using System.Numerics.Tensors;

namespace Tersor.Quantization;

/// <summary>
/// A symmetric positive definite matrix as <c>M^T D M</c> with unit lower triangular <c>M</c> and diagonal <c>D</c>: given the errors of the variables before it, variable
/// <c>j</c> costs <c>d_j (e_j + sum_{i&lt;j} m_ji e_i)^2</c>, and those behind it can still make up for all the rest.
/// </summary>
internal sealed class TriangularFactors
{
    private readonly float[] _coefficients;

    /// <summary>Takes the factors.</summary>
    /// <param name="size">Variables, at least one.</param>
    /// <param name="matrix">Row-major, of which the lower triangle is read; destroyed.</param>
    /// <param name="damping">Share of the diagonal's mean that is added to it.</param>
    /// <exception cref="ArgumentException">The matrix is not finite, or not positive definite when damped.</exception>
    public TriangularFactors(int size, double[] matrix, double damping)
    {
        Costs = new float[size];
        _coefficients = new float[(long)size * (size - 1) / 2];
        double mean = 0;
        for (int i = 0; i < size; i++) mean += Row(i)[i] / size;

        // Variables that nothing depends on: any error costs the same.
        double added = mean > 0 ? damping * mean : 1;
        for (int i = 0; i < size; i++) Row(i)[i] += added;
        double[] multipliers = new double[size];
        for (int j = size - 1; j >= 0; j--)
        {
            ReadOnlySpan<double> pivots = Row(j)[..(j + 1)];
            double cost = pivots[j];
            if (!(cost > 0) || !double.IsFinite(cost)) throw new ArgumentException($"No matrix of second moments: variable {j} is left with {cost:R}.", nameof(matrix));
            Costs[j] = (float)cost;
            TensorPrimitives.Divide(pivots[..j], cost, multipliers);
            Span<float> coefficients = _coefficients.AsSpan(Start(j), j);
            for (int i = 0; i < j; i++) coefficients[i] = (float)multipliers[i];

            // What variable j explains of those before it is taken from them.
            for (int i = 0; i < j; i++)
            {
                if (multipliers[i] == 0) continue;
                Span<double> row = Row(i)[..(i + 1)];
                TensorPrimitives.MultiplyAdd(pivots[..(i + 1)], -multipliers[i], row, row);
            }
        }

        Span<double> Row(int index) => matrix.AsSpan(checked(index * size), size);
    }

    /// <summary>The diagonal <c>D</c>.</summary>
    public float[] Costs { get; }

    /// <summary>Row <paramref name="index"/> of <c>M</c> before its diagonal.</summary>
    public ReadOnlySpan<float> Coefficients(int index) => _coefficients.AsSpan(Start(index), index);

    /// <summary>The product of the factors for variables that depend on no others: the matrix from before, damped.</summary>
    /// <param name="first">The first variable.</param>
    /// <param name="count">How many.</param>
    public double[] ToMatrix(int first, int count)
    {
        double[] matrix = new double[(long)count * count];
        double[] row = new double[count];
        for (int k = 0; k < count; k++)
        {
            // Row k of M reaches from the first variable to its diagonal of 1; what is behind it is zero.
            ReadOnlySpan<float> coefficients = Coefficients(first + k)[first..];
            for (int i = 0; i < k; i++) row[i] = coefficients[i];
            row[k] = 1;
            for (int i = 0; i <= k; i++)
            {
                Span<double> target = matrix.AsSpan(i * count, k + 1);
                TensorPrimitives.MultiplyAdd(row.AsSpan(0, k + 1), row[i] * Costs[first + k], target, target);
            }
        }

        return matrix;
    }

    private static int Start(int index) => (int)((long)index * (index - 1) / 2);
}
