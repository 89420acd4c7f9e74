using Tersor.Quantization;
using Tersor.Representations;

namespace Tersor.Bench.Representations;

/// <summary>A matrix of independent elements: a share of one value, the others all as frequent.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Columns">Columns.</param>
/// <param name="Density">Share of the elements that are not zero; 1 where none is.</param>
/// <param name="ValueCount">Different values, zero included where there are zeros.</param>
public sealed record BenchmarkMatrix(string Name, int Rows, int Columns, double Density, int ValueCount)
{
    private const int Resolution = 1 << 24;

    /// <summary>AlexNet's fully connected layers at the densities of Deep Compression, a matrix of 16 values without zeros, and ternary weights.</summary>
    public static IReadOnlyList<BenchmarkMatrix> All { get; } =
    [
        new("fc6", 4096, 9216, 0.09, 32),
        new("fc7", 4096, 4096, 0.09, 32),
        new("fc8", 1000, 4096, 0.25, 32),
        new("16 values", 4096, 4096, 1, 16),
        new("ternary", 4096, 4096, 0.5, 3),
    ];

    /// <summary>Makes it, the same on every machine.</summary>
    internal QuantizedMatrix Make()
    {
        SplitMix64 random = new(1);
        QuantizedMatrixBuilder builder = new(Rows, Columns);
        float[] row = new float[Columns];
        for (int i = 0; i < Rows; i++)
        {
            foreach (ref float value in row.AsSpan())
                value = Density < 1 && random.NextBelow(Resolution) >= Density * Resolution ? 0 : 0.01f * (random.NextBelow(Density < 1 ? ValueCount - 1 : ValueCount) - (ValueCount / 2f) + 0.25f);
            builder.TryAddRow(row);
        }

        return builder.Build();
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
