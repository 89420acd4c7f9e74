namespace Tersor.Engine.Kernels;

/// <summary>The Gauss error function.</summary>
internal static class ErrorFunction
{
    private const double TwoOverRootPi = 1.1283791670955126;

    /// <summary>
    /// <c>erf(x)</c> to binary32 precision: the Taylor series near 0, the continued fraction of <c>erfc</c> far from it (Abramowitz and Stegun 7.1.6, 7.1.14).
    /// </summary>
    public static float Erf(float x)
    {
        double a = Math.Abs((double)x);
        double value;
        if (double.IsNaN(a)) return x;
        if (a < 2)
        {
            double term = a;
            double sum = a;
            for (int n = 1; term > 1e-12 * sum; n++)
            {
                term *= 2 * a * a / ((2 * n) + 1);
                sum += term;
            }

            value = TwoOverRootPi * Math.Exp(-a * a) * sum;
        }
        else if (a < 6)
        {
            double fraction = 0;
            for (int n = 40; n > 0; n--) fraction = n * 0.5 / (a + fraction);
            value = 1 - (Math.Exp(-a * a) / Math.Sqrt(Math.PI) / (a + fraction));
        }
        else
        {
            value = 1;
        }

        return (float)(x < 0 ? -value : value);
    }

    /// <summary><c>2 / sqrt(pi) * exp(-x^2)</c>.</summary>
    public static float ErfDerivative(float x) => (float)TwoOverRootPi * MathF.Exp(-x * x);
}
