using Tersor.Models;

namespace Tersor.Measures;

/// <summary>The values of floating-point codes of at most 8 bits, as the OCP 8-bit and MX formats and their ONNX variants define them.</summary>
internal static class NarrowFloat
{
    private static readonly double[] E4M3FN = Decode(4, 3, bias: 7, code => (code & 0x7F) == 0x7F ? double.NaN : null);
    private static readonly double[] E4M3FNUZ = Decode(4, 3, bias: 8, code => code == 0x80 ? double.NaN : null);
    private static readonly double[] E5M2 = Decode(5, 2, bias: 15, code => (code & 0x7F) switch
    {
        < 0x7C => null,
        0x7C => code < 0x80 ? double.PositiveInfinity : double.NegativeInfinity,
        _ => double.NaN,
    });

    private static readonly double[] E5M2FNUZ = Decode(5, 2, bias: 16, code => code == 0x80 ? double.NaN : null);
    private static readonly double[] E2M1 = Decode(2, 1, bias: 1, _ => null);
    private static readonly double[] E8M0 = [.. Enumerable.Range(0, 256).Select(code => code == 255 ? double.NaN : Math.ScaleB(1, code - 127))];

    /// <summary>One value per code.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not one of the narrow ones.</exception>
    public static ReadOnlySpan<double> ValuesOf(ElementType type) => type switch
    {
        ElementType.Float8E4M3FN => E4M3FN,
        ElementType.Float8E4M3FNUZ => E4M3FNUZ,
        ElementType.Float8E5M2 => E5M2,
        ElementType.Float8E5M2FNUZ => E5M2FNUZ,
        ElementType.Float8E8M0 => E8M0,
        ElementType.Float4E2M1 => E2M1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type.Name()),
    };

    private static double[] Decode(int exponentBits, int mantissaBits, int bias, Func<int, double?> special)
    {
        double[] values = new double[1 << (1 + exponentBits + mantissaBits)];
        for (int code = 0; code < values.Length; code++)
        {
            int exponent = (code >> mantissaBits) & ((1 << exponentBits) - 1);
            int mantissa = code & ((1 << mantissaBits) - 1);
            int significand = exponent == 0 ? mantissa : mantissa | (1 << mantissaBits);
            double magnitude = Math.ScaleB(significand, Math.Max(exponent, 1) - bias - mantissaBits);
            values[code] = special(code) ?? (code < values.Length / 2 ? magnitude : -magnitude);
        }

        return values;
    }
}
