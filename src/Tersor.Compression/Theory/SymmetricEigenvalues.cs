using System.Numerics.Tensors;

namespace Tersor.Compression.Theory;

/// <summary>
/// Eigenvalues of a symmetric matrix: Householder reflections to three diagonals, then QL steps with implicit shifts (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3).
/// </summary>
internal static class SymmetricEigenvalues
{
    // A value takes two or three; many more is no number at all.
    private const int MostStepsForAValue = 60;

    /// <summary>Finds the eigenvalues, in no order.</summary>
    /// <param name="size">Rows and columns.</param>
    /// <param name="matrix">Row-major, of which the lower triangle is read; destroyed.</param>
    /// <exception cref="ArgumentException">The matrix is not finite.</exception>
    public static double[] Of(int size, double[] matrix)
    {
        if (!double.IsFinite(TensorPrimitives.SumOfMagnitudes<double>(matrix))) throw new ArgumentException("The matrix is not finite.", nameof(matrix));
        (double[] diagonal, double[] beside) = (new double[size], new double[size]);
        Tridiagonalize(size, matrix, diagonal, beside);
        Diagonalize(diagonal, beside);
        return diagonal;
    }

    // From the last row up, each is reflected onto its last element before the diagonal.
    private static void Tridiagonalize(int size, double[] matrix, double[] diagonal, double[] beside)
    {
        Span<double> Row(int index) => matrix.AsSpan(index * size, size);
        double[] product = new double[size];
        for (int k = size - 1; k > 0; k--)
        {
            Span<double> reflector = Row(k)[..k];
            diagonal[k] = Row(k)[k];
            double norm = TensorPrimitives.Norm<double>(reflector);
            if (norm == 0) continue;
            double target = reflector[^1] > 0 ? -norm : norm;
            reflector[^1] -= target;
            beside[k] = target;
            double half = -target * reflector[^1];

            // With p = A v / h and q = p - v (v . p) / 2h, the reflected matrix is A - v q^T - q v^T.
            Span<double> p = product.AsSpan(0, k);
            p.Clear();
            for (int i = 0; i < k; i++)
            {
                ReadOnlySpan<double> row = Row(i)[..(i + 1)];
                p[i] += TensorPrimitives.Dot(row, reflector[..(i + 1)]);
                TensorPrimitives.MultiplyAdd(row[..i], reflector[i], p[..i], p[..i]);
            }

            TensorPrimitives.Divide(p, half, p);
            TensorPrimitives.MultiplyAdd(reflector, -TensorPrimitives.Dot<double>(p, reflector) / (2 * half), p, p);
            for (int i = 0; i < k; i++)
            {
                Span<double> row = Row(i)[..(i + 1)];
                TensorPrimitives.MultiplyAdd(reflector[..(i + 1)], -p[i], row, row);
                TensorPrimitives.MultiplyAdd(p[..(i + 1)], -reflector[i], row, row);
            }
        }

        if (size > 0) diagonal[0] = matrix[0];
    }

    private static void Diagonalize(double[] diagonal, double[] beside)
    {
        int size = diagonal.Length;
        if (size == 0) return;

        // beside[i] stands between i and i + 1 from here on.
        beside.AsSpan(1).CopyTo(beside);
        beside[size - 1] = 0;
        for (int first = 0; first < size; first++)
        {
            for (int step = 0; step < MostStepsForAValue; step++)
            {
                int last = first;
                while (last < size - 1 && Math.Abs(beside[last]) > 1e-16 * (Math.Abs(diagonal[last]) + Math.Abs(diagonal[last + 1]))) last++;
                if (last == first) break;
                QlStep(diagonal, beside, first, last);
            }
        }
    }

    private static void QlStep(double[] diagonal, double[] beside, int first, int last)
    {
        double shift = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
        double radius = double.Hypot(shift, 1);
        shift = diagonal[last] - diagonal[first] + (beside[first] / (shift + Math.CopySign(radius, shift)));
        (double sine, double cosine, double carried) = (1, 1, 0);
        for (int i = last - 1; i >= first; i--)
        {
            (double turned, double kept) = (sine * beside[i], cosine * beside[i]);
            radius = double.Hypot(turned, shift);
            beside[i + 1] = radius;
            if (radius == 0)
            {
                diagonal[i + 1] -= carried;
                beside[last] = 0;
                return;
            }

            (sine, cosine) = (turned / radius, shift / radius);
            shift = diagonal[i + 1] - carried;
            radius = ((diagonal[i] - shift) * sine) + (2 * cosine * kept);
            carried = sine * radius;
            diagonal[i + 1] = shift + carried;
            shift = (cosine * radius) - kept;
        }

        diagonal[first] -= carried;
        beside[first] = shift;
        beside[last] = 0;
    }
}
