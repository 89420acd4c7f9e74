namespace Tersor.Representations;

/// <summary>What operations and memory cost, in picojoules; the input of estimates of energy. Rows are for operands of 8, 16 and 32 bits.</summary>
public sealed record EnergyTable
{
    private static readonly long[] Limits = [8 << 10, 32 << 10, 1 << 20];

    /// <summary>45 nm CMOS at 0.9 V, after Horowitz (ISSCC 2014), with memory as published beside CER: narrower operands in proportion.</summary>
    public static EnergyTable Cmos45 { get; } = new();

    /// <summary>An addition of operands of 8, 16 and 32 bits.</summary>
    public IReadOnlyList<double> Additions { get; init; } = [0.2, 0.4, 0.9];

    /// <summary>A multiplication of operands of 8, 16 and 32 bits.</summary>
    public IReadOnlyList<double> Multiplications { get; init; } = [0.6, 1.1, 3.7];

    /// <summary>Reading or writing 32 bits in an array of up to 8 KiB, 32 KiB, 1 MiB and beyond; narrower elements cost in proportion.</summary>
    public IReadOnlyList<double> Accesses { get; init; } = [5, 10, 50, 1000];

    /// <summary>An addition.</summary>
    /// <param name="bits">8, 16 or 32.</param>
    public double Addition(int bits) => Additions[RowOf(bits)];

    /// <summary>A multiplication.</summary>
    /// <param name="bits">8, 16 or 32.</param>
    public double Multiplication(int bits) => Multiplications[RowOf(bits)];

    /// <summary>Reading or writing one element.</summary>
    /// <param name="bits">8, 16 or 32.</param>
    /// <param name="arrayBytes">Bytes of the array that it is in, which say from how far it comes.</param>
    public double Access(int bits, long arrayBytes)
    {
        int level = 0;
        while (level < Limits.Length && arrayBytes > Limits[level]) level++;
        return Accesses[level] * bits / 32;
    }

    private static int RowOf(int bits) => bits switch
    {
        8 => 0,
        16 => 1,
        32 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "Operands have 8, 16 or 32 bits."),
    };
}
