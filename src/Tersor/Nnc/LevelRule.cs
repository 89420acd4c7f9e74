using Tersor.Quantization;

namespace Tersor.Nnc;

/// <summary>What the levels of a tensor mean.</summary>
public enum LevelKind
{
    /// <summary>The levels are the values.</summary>
    Integer,

    /// <summary>Value = binary32(step) * binary32(level).</summary>
    Uniform,

    /// <summary>Value = binary32(entry[level + zero index] * step), the product being exact.</summary>
    Codebook,

    /// <summary>There are no levels: the values themselves are carried.</summary>
    Raw,
}

/// <summary>The rule that turns levels back into values (NNC implementer's text, section 10).</summary>
public sealed class LevelRule
{
    private LevelRule(LevelKind kind, int qp = 0, int density = 0, bool dependent = false, NncCodebook? codebook = null)
    {
        Kind = kind;
        Qp = qp;
        Density = density;
        DependentQuantization = dependent;
        Codebook = codebook;
    }

    /// <summary>The levels are the values, 32-bit integers.</summary>
    public static LevelRule Integer { get; } = new(LevelKind.Integer);

    /// <summary>Binary32 values as they are.</summary>
    public static LevelRule Raw { get; } = new(LevelKind.Raw);

    /// <summary>What the levels mean.</summary>
    public LevelKind Kind { get; }

    /// <summary>Quantization parameter, base QP included; 0 where there is no step size.</summary>
    public int Qp { get; }

    /// <summary>0..7: 2^density steps per octave.</summary>
    public int Density { get; }

    /// <summary>Whether the levels follow the 8-state dependent quantizer. It does not change their values, only how they are coded.</summary>
    public bool DependentQuantization { get; }

    /// <summary>The codebook of <see cref="LevelKind.Codebook"/>, else null.</summary>
    public NncCodebook? Codebook { get; }

    /// <summary>The step size; 1 where there is none.</summary>
    public double Step => Kind is LevelKind.Uniform or LevelKind.Codebook ? StepSize.FromQp(Qp, Density) : 1;

    /// <summary>Multiples of a step size.</summary>
    /// <param name="qp">Quantization parameter.</param>
    /// <param name="dependent">Whether the levels follow the dependent quantizer.</param>
    /// <param name="density">0..7.</param>
    /// <exception cref="ArgumentOutOfRangeException">The density is none of 0..7, or the step size is beyond binary32.</exception>
    public static LevelRule Uniform(int qp, bool dependent, int density = StepSize.DefaultDensity)
    {
        CheckStep(qp, density);
        return new LevelRule(LevelKind.Uniform, qp, density, dependent);
    }

    /// <summary>Indices into a codebook, given as index minus zero index.</summary>
    /// <param name="codebook">The entries, in steps.</param>
    /// <param name="qp">Quantization parameter.</param>
    /// <param name="density">0..7.</param>
    /// <exception cref="ArgumentOutOfRangeException">The density is none of 0..7, or the step size is beyond binary32.</exception>
    public static LevelRule FromCodebook(NncCodebook codebook, int qp, int density = StepSize.DefaultDensity)
    {
        ArgumentNullException.ThrowIfNull(codebook);
        CheckStep(qp, density);
        return new LevelRule(LevelKind.Codebook, qp, density, codebook: codebook);
    }

    /// <summary>
    /// Values from levels, the same bits on every machine. Both spans may be the same memory. With a codebook every level must be an index minus the zero index.
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="InvalidOperationException">There are no levels, the values are raw.</exception>
    public void Reconstruct(ReadOnlySpan<int> levels, Span<float> values)
    {
        if (levels.Length != values.Length) throw new ArgumentException($"{levels.Length} levels do not fill {values.Length} values.", nameof(values));
        switch (Kind)
        {
            case LevelKind.Integer:
                UniformQuantizer.Dequantize(levels, 1, values);
                break;
            case LevelKind.Uniform:
                UniformQuantizer.Dequantize(levels, Step, values);
                break;
            case LevelKind.Codebook:
                LookUp(levels, values);
                break;
            default:
                throw new InvalidOperationException("Raw values have no levels.");
        }
    }

    /// <summary>Whether the step size is a binary32 number; streams can state larger ones.</summary>
    internal static bool HasFiniteStep(int qp, int density) => float.IsFinite((float)StepSize.FromQp(qp, density));

    private static void CheckStep(int qp, int density)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(density);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(density, 7);
        if (!HasFiniteStep(qp, density)) throw new ArgumentOutOfRangeException(nameof(qp), $"QP {qp} at density {density} is a step size beyond binary32.");
    }

    private void LookUp(ReadOnlySpan<int> levels, Span<float> values)
    {
        ReadOnlySpan<int> entries = Codebook!.Entries;
        float[] table = new float[entries.Length];
        double step = Step;
        for (int i = 0; i < table.Length; i++) table[i] = (float)(entries[i] * step);
        int zero = Codebook.ZeroIndex;
        for (int i = 0; i < levels.Length; i++) values[i] = table[levels[i] + zero];
    }
}
