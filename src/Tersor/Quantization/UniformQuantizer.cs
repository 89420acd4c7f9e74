using System.Numerics;

namespace Tersor.Quantization;

/// <summary>
/// Nearest multiple of a step size (NNC implementer's text, sections 10 and 12.1). Every operation is rounded as written, so vector and scalar code, and
/// any two machines, agree bit for bit.
/// </summary>
public static class UniformQuantizer
{
    // 2^31: below it a scaled weight converts to a 32-bit integer; NaN fails the comparison too.
    private const float Limit = 2147483648f;

    /// <summary>
    /// level = binary32(binary32(1 / step) * weight), rounded to the nearest integer, halves away from zero.
    /// </summary>
    /// <param name="weights">Finite weights.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="levels">Receives one level per weight; same length.</param>
    /// <exception cref="ArgumentException">A weight is NaN or infinite, or leaves the range of 32-bit levels; or the lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The step is not a positive finite number.</exception>
    public static void Quantize(ReadOnlySpan<float> weights, double step, Span<int> levels)
    {
        RequireSameLength(weights.Length, levels.Length, nameof(levels));
        LevelRange.RefuseStep(step);
        float reciprocal = (float)(1 / step);
        Vector<float> factor = new(reciprocal);
        Vector<float> half = new(0.5f);
        Vector<float> limit = new(Limit);
        int i = 0;
        for (; i <= weights.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> scaled = new Vector<float>(weights[i..]) * factor;
            if (!Vector.LessThanAll(Vector.Abs(scaled), limit)) break;
            Vector<float> whole = Vector.Truncate(scaled);
            Vector<float> away = Vector.CopySign(Vector<float>.One, scaled);
            Vector<int> roundsAway = Vector.GreaterThanOrEqual(Vector.Abs(scaled - whole), half);
            Vector.ConvertToInt32Native(whole + Vector.ConditionalSelect(roundsAway, away, Vector<float>.Zero)).CopyTo(levels[i..]);
        }

        int offender = QuantizeScalar(weights[i..], reciprocal, levels[i..]);
        if (offender >= 0) LevelRange.Refuse(i + offender, weights[i + offender], step);
    }

    /// <summary>value = binary32(step) * binary32(level), each rounded once.</summary>
    /// <param name="levels">Levels.</param>
    /// <param name="step">Step size.</param>
    /// <param name="values">Receives one value per level; same length.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Dequantize(ReadOnlySpan<int> levels, double step, Span<float> values)
    {
        RequireSameLength(levels.Length, values.Length, nameof(values));
        Vector<float> factor = new((float)step);
        int i = 0;
        for (; i <= levels.Length - Vector<int>.Count; i += Vector<int>.Count)
            (Vector.ConvertToSingle(new Vector<int>(levels[i..])) * factor).CopyTo(values[i..]);
        DequantizeScalar(levels[i..], (float)step, values[i..]);
    }

    /// <summary>The scalar twin of <see cref="Quantize"/>.</summary>
    /// <returns>Position of the first weight that has no level, or -1.</returns>
    internal static int QuantizeScalar(ReadOnlySpan<float> weights, float reciprocal, Span<int> levels)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            float scaled = weights[i] * reciprocal;
            if (!(MathF.Abs(scaled) < Limit)) return i;
            float whole = MathF.Truncate(scaled);
            if (MathF.Abs(scaled - whole) >= 0.5f) whole += MathF.CopySign(1, scaled);
            levels[i] = (int)whole;
        }

        return -1;
    }

    /// <summary>The scalar twin of <see cref="Dequantize"/>.</summary>
    internal static void DequantizeScalar(ReadOnlySpan<int> levels, float step, Span<float> values)
    {
        for (int i = 0; i < levels.Length; i++) values[i] = step * levels[i];
    }

    internal static void RequireSameLength(int expected, int actual, string parameterName)
    {
        if (expected != actual) throw new ArgumentException($"Takes {expected} elements, has {actual}.", parameterName);
    }
}
