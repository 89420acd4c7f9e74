namespace Tersor.Tests.Quantization;

/// <summary>Matrices of second moments, row-major: what the curvature of a tensor is made of.</summary>
internal static class SecondMoments
{
    /// <summary>Variables that know nothing of one another.</summary>
    public static double[] Identity(int size) => Paired(size, 0);

    /// <summary>Variables of variance 1, of which each even one goes with the one behind it by <paramref name="product"/>.</summary>
    public static double[] Paired(int size, double product)
    {
        double[] matrix = new double[size * size];
        for (int i = 0; i < size; i++) matrix[(i * size) + i] = 1;
        for (int i = 0; i + 1 < size; i += 2) matrix[(i * size) + i + 1] = matrix[((i + 1) * size) + i] = product;
        return matrix;
    }

    /// <summary>Means over samples of variables each of which goes on from the one before; singular where there are fewer samples than variables.</summary>
    public static double[] Correlated(int size, int samples, ulong seed)
    {
        Seeded random = new(seed);
        double[] matrix = new double[size * size];
        double[] sample = new double[size];
        for (int n = 0; n < samples; n++)
        {
            for (int i = 0; i < size; i++) sample[i] = (i == 0 ? 0 : 0.9 * sample[i - 1]) + (0.5 * random.NextGaussian());
            for (int i = 0; i < size; i++)
            {
                for (int j = 0; j < size; j++) matrix[(i * size) + j] += sample[i] * sample[j] / samples;
            }
        }

        return matrix;
    }

    /// <summary>The matrix with a share of its diagonal's mean added to the diagonal.</summary>
    public static double[] Damped(double[] matrix, double damping)
    {
        int size = (int)Math.Sqrt(matrix.Length);
        double[] damped = [.. matrix];
        double mean = Enumerable.Range(0, size).Average(i => matrix[(i * size) + i]);
        for (int i = 0; i < size; i++) damped[(i * size) + i] += damping * mean;
        return damped;
    }
}
