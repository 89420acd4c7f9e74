namespace Tersor.Quantization;

/// <summary>
/// Values in geometric progression, so that each stands for the weights around it within the same relative error. Level 0 is zero, level 1 the top, and
/// level k the top times ratio^(k - 1) with ratio = (1 - tolerance) / (1 + tolerance); negative levels mirror them. Counting from the top keeps the levels of
/// weights short, whose magnitudes crowd in the octaves below the largest.
/// </summary>
/// <remarks>
/// The powers are products of binary64 numbers in a written order and the logarithm is a written series, so levels and values are the same on every machine.
/// Safe from several threads.
/// </remarks>
public sealed class LogarithmicGrid
{
    /// <summary>The least tolerance: with it, neighbours are about as far apart as neighbouring binary32 numbers.</summary>
    public const double MinTolerance = 1.0 / (1 << 24);

    private const int FineBits = 12;
    private const int FineCount = 1 << FineBits;

    // ln 2^278: no two binary32 numbers lie further apart but zero.
    private const double WidestLogarithm = 193;

    // Powers of the ratio below 4096, and of its power 4096.
    private readonly double[] _fine = new double[FineCount];
    private readonly double[] _coarse;
    private readonly double _top;
    private readonly double _logarithmOfTop;
    private readonly double _logarithmPerLevel;

    /// <summary>Lays out a grid.</summary>
    /// <param name="tolerance">Relative error, from <see cref="MinTolerance"/> to below 1.</param>
    /// <param name="top">The value of level 1, positive and finite.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is not in its range.</exception>
    public LogarithmicGrid(double tolerance, float top)
    {
        if (!IsTolerance(tolerance)) throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "A relative error is from 2^-24 to below 1.");
        if (!IsTop(top)) throw new ArgumentOutOfRangeException(nameof(top), top, "The top is a positive finite number.");
        double ratio = (1 - tolerance) / (1 + tolerance);
        _top = top;
        _logarithmOfTop = NaturalLogarithm(top);
        _logarithmPerLevel = -NaturalLogarithm(ratio);
        _coarse = new double[((int)(WidestLogarithm / _logarithmPerLevel) >> FineBits) + 1];
        _fine[0] = _coarse[0] = 1;
        for (int i = 1; i < FineCount; i++) _fine[i] = _fine[i - 1] * ratio;
        double stride = _fine[^1] * ratio;
        for (int i = 1; i < _coarse.Length; i++) _coarse[i] = _coarse[i - 1] * stride;
    }

    /// <summary>Whether a grid can have this relative error.</summary>
    public static bool IsTolerance(double value) => value is >= MinTolerance and < 1;

    /// <summary>Whether a grid can have this top.</summary>
    public static bool IsTop(float value) => value > 0 && float.IsFinite(value);

    /// <summary>The lowest top within the tolerance of a magnitude, which leaves the whole width of a bin below it.</summary>
    /// <param name="largest">The largest magnitude, positive and finite.</param>
    /// <param name="tolerance">Relative error, between 0 and 1.</param>
    public static float TopFor(float largest, double tolerance)
    {
        double exact = largest * (1 - tolerance);
        float top = (float)exact;
        return top < exact ? MathF.BitIncrement(top) : top;
    }

    /// <summary>Finds for each weight a level whose binary32 value is within a bound of it.</summary>
    /// <param name="weights">Any weights.</param>
    /// <param name="bound">The relative error that counts, not below the tolerance; what is between them is room for rounding.</param>
    /// <param name="levels">Receives one level per weight; same length.</param>
    /// <returns>False where a weight has none; the levels are worthless then.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public bool TryQuantize(ReadOnlySpan<float> weights, double bound, Span<int> levels)
    {
        UniformQuantizer.RequireSameLength(weights.Length, levels.Length, nameof(levels));
        for (int i = 0; i < weights.Length; i++)
        {
            int level = weights[i] == 0 ? 0 : float.IsFinite(weights[i]) ? LevelNear(Math.Abs((double)weights[i]), bound) : -1;
            if (level < 0) return false;
            levels[i] = weights[i] < 0 ? -level : level;
        }

        return true;
    }

    /// <summary>The values of levels.</summary>
    /// <param name="levels">Any levels; those too far below the top for binary32 are zeros.</param>
    /// <param name="values">Receives one value per level; same length.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Reconstruct(ReadOnlySpan<int> levels, Span<float> values)
    {
        UniformQuantizer.RequireSameLength(levels.Length, values.Length, nameof(values));
        for (int i = 0; i < levels.Length; i++)
        {
            float magnitude = levels[i] == 0 ? 0 : MagnitudeOf(Math.Abs((long)levels[i]));
            values[i] = levels[i] < 0 ? -magnitude : magnitude;
        }
    }

    private float MagnitudeOf(long level)
    {
        long coarse = (level - 1) >> FineBits;
        return coarse < _coarse.Length ? (float)(_top * (_coarse[coarse] * _fine[(level - 1) & (FineCount - 1)])) : 0;
    }

    private int LevelNear(double magnitude, double bound)
    {
        double exponent = (_logarithmOfTop - NaturalLogarithm(magnitude)) / _logarithmPerLevel;
        int middle = 1 + (int)Math.Max(0, Math.Round(exponent, MidpointRounding.AwayFromZero));
        ReadOnlySpan<int> candidates = [middle, Math.Max(1, middle - 1), middle + 1];
        foreach (int level in candidates)
        {
            if (Math.Abs(MagnitudeOf(level) - magnitude) <= bound * magnitude) return level;
        }

        return -1;
    }

    // ln(m * 2^e) = e ln 2 + 2 artanh((m - 1) / (m + 1)) with m near 1; library logarithms differ between machines.
    private static double NaturalLogarithm(double value)
    {
        int exponent = Math.ILogB(value);
        double mantissa = Math.ScaleB(value, -exponent);
        if (mantissa > 1.4142135623730951)
        {
            mantissa /= 2;
            exponent++;
        }

        double s = (mantissa - 1) / (mantissa + 1);
        double square = s * s;
        double sum = 0;
        for (int n = 21; n >= 1; n -= 2) sum = (sum * square) + (1.0 / n);
        return (exponent * 0.6931471805599453) + (2 * s * sum);
    }
}
