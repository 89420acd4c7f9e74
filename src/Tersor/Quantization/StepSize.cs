namespace Tersor.Quantization;

/// <summary>The step sizes that ISO/IEC 15938-17 can say: a quantization parameter (QP) and its density D give 2^D steps per octave.</summary>
public static class StepSize
{
    /// <summary>The density written by default: four steps per octave.</summary>
    public const int DefaultDensity = 2;

    /// <summary>How many times the step of the dependent quantizer a uniform grid's is for about the same error.</summary>
    public const double UniformRatio = 1.6;

    /// <summary>
    /// (2^D + (QP mod 2^D)) * 2^((QP >> D) - D); QP 0 is step 1 and QP + 2^D doubles the step. Exact in binary64, and in binary32 unless it underflows.
    /// </summary>
    /// <param name="qp">Quantization parameter, any sign.</param>
    /// <param name="density">0..7.</param>
    public static double FromQp(int qp, int density = DefaultDensity)
    {
        int perOctave = 1 << density;
        return Math.ScaleB(perOctave + (qp & (perOctave - 1)), (qp >> density) - density);
    }

    /// <summary>The smallest QP a unit can state on top of a base QP of 0: delta QP has 6 + D bits.</summary>
    public static int MinQp(int density = DefaultDensity) => -(1 << (5 + density));

    /// <summary>The largest QP a unit can state on top of a base QP of 0.</summary>
    public static int MaxQp(int density = DefaultDensity) => (1 << (5 + density)) - 1;

    /// <summary>The largest QP whose step does not exceed <paramref name="step"/>, clipped to what a unit can state.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is not a positive finite number.</exception>
    public static int ToQp(double step, int density = DefaultDensity)
    {
        if (!(step > 0) || double.IsInfinity(step)) throw new ArgumentOutOfRangeException(nameof(step), "A step size is a positive finite number.");
        int qp = Math.Clamp((Math.ILogB(step) << density) + (1 << density), MinQp(density), MaxQp(density));
        while (qp > MinQp(density) && FromQp(qp, density) > step) qp--;
        return qp;
    }
}
