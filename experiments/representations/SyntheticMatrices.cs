using Tersor.Representations;

namespace Tersor.Experiments.Representations;

/// <summary>Matrices of independent elements.</summary>
internal static class SyntheticMatrices
{
    /// <summary>The layers of AlexNet as Deep Compression left them: shape and density.</summary>
    public static IEnumerable<NamedMatrix> AlexNet() =>
    [
        new("conv1", Make(96, 363, 0.84, 32, 1)),
        new("conv2", Make(256, 1200, 0.38, 32, 2)),
        new("conv3", Make(384, 2304, 0.35, 32, 3)),
        new("conv4", Make(384, 1728, 0.37, 32, 4)),
        new("conv5", Make(256, 1728, 0.37, 32, 5)),
        new("fc6", Make(4096, 9216, 0.09, 32, 6)),
        new("fc7", Make(4096, 4096, 0.09, 32, 7)),
        new("fc8", Make(1000, 4096, 0.25, 32, 8)),
    ];

    /// <summary>A share of values other than zero, of which there are one less than <paramref name="valueCount"/>, all as frequent.</summary>
    public static QuantizedMatrix Make(int rows, int columns, double density, int valueCount, ulong seed)
    {
        ulong state = seed;
        float[] row = new float[columns];
        QuantizedMatrixBuilder builder = new(rows, columns);
        for (int i = 0; i < rows; i++)
        {
            foreach (ref float value in row.AsSpan()) value = Uniform(ref state) < density ? 0.01f * ((int)(Uniform(ref state) * (valueCount - 1)) - (valueCount / 2f) + 0.25f) : 0;
            builder.TryAddRow(row);
        }

        return builder.Build();
    }

    // A linear congruential generator of 64 bits, of which the upper ones are good.
    private static double Uniform(ref ulong state)
    {
        state = (state * 6364136223846793005) + 1442695040888963407;
        return (state >> 11) * (1.0 / (1L << 53));
    }
}
