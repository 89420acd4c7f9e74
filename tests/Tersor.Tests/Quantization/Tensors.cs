using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

/// <summary>Random weights and the measures that the quantizers' tests share.</summary>
internal static class Tensors
{
    public static float[] Gaussian(int count, float deviation, ulong seed, float density = 1)
    {
        Seeded random = new(seed);
        float[] weights = new float[count];
        foreach (ref float weight in weights.AsSpan())
        {
            float value = random.NextGaussian();
            weight = random.NextSingle() < density ? deviation * value : 0;
        }

        return weights;
    }

    public static LevelSyntax Matrix(int rows, int columns, bool dependent, int scanOrder = 0, int greaterFlagCount = 10) => new()
    {
        Dialect = NncDialect.EditionTwo,
        RowCount = rows,
        RowLength = columns,
        GreaterFlagCount = greaterFlagCount,
        DependentQuantization = dependent,
        ScanOrder = scanOrder,
    };

    public static double SquaredError(ReadOnlySpan<float> weights, ReadOnlySpan<int> levels, double step)
    {
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double error = (weights[i] / step) - levels[i];
            sum += error * error;
        }

        return sum;
    }

    public static int CodedBytes(in LevelSyntax syntax, ReadOnlySpan<int> levels)
    {
        ArithmeticEncoder encoder = new();
        LevelEncoder.Encode(encoder, syntax, LevelEncoderOptions.Default, default, default, levels);
        return encoder.Finish().Length;
    }

    public static float[] InCodingOrder(ReadOnlySpan<float> weights, in LevelSyntax syntax)
    {
        BlockScan scan = new(syntax);
        float[] coded = weights.ToArray();
        for (int stretch = 0; scan.Reorders && stretch < scan.StretchCount; stretch++) scan.Gather(weights[scan[stretch]], coded.AsSpan()[scan[stretch]]);
        return coded;
    }

    public static int[] InRowMajorOrder(ReadOnlySpan<int> coded, in LevelSyntax syntax)
    {
        BlockScan scan = new(syntax);
        int[] levels = coded.ToArray();
        for (int stretch = 0; scan.Reorders && stretch < scan.StretchCount; stretch++) scan.Scatter(coded[scan[stretch]], levels.AsSpan()[scan[stretch]]);
        return levels;
    }
}
