using Tersor.Representations;
using Tersor.Representations.Kernels;

namespace Tersor.Tests.Representations;

public sealed class ProductTests
{
    private const int Cases = 100;

    public static TheoryData<string> Formats => RoundTripTests.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Multiply_EqualsTheDenseProduct_AtEveryWidth(string name)
    {
        Seeded random = new(62);
        for (int i = 0; i < Cases; i++)
        {
            (int rows, int columns, float[] values) = RandomMatrix.Any(random, random.NextInt(2) == 0 ? 600 : 3);
            if (RoundTripTests.TryCreate(QuantizedMatrix.FromValues(rows, columns, values), name) is not { } representation) continue;
            float[] vector = Gaussian(random, columns);
            foreach (LaneWidth width in Widths())
            {
                float[] product = [.. Enumerable.Repeat(float.NaN, rows)];
                representation.Multiply(vector, product, 1, width);
                AssertClose(rows, columns, values, vector, 1, product);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void MultiplyColumns_EqualsTheDenseProduct_AtEveryWidthAndBatch(string name)
    {
        Seeded random = new(63);
        foreach (int batch in (int[])[0, 1, 2, 15, 16, 17, 33, 48, 64, 65, 130, 512])
        {
            foreach (LaneWidth width in Widths())
            {
                (int rows, int columns, float[] values) = RandomMatrix.Any(random, batch % 2 == 0 ? 200 : 3);
                if (RoundTripTests.TryCreate(QuantizedMatrix.FromValues(rows, columns, values), name) is not { } representation) continue;
                float[] inputs = Gaussian(random, columns * batch);
                float[] products = [.. Enumerable.Repeat(float.NaN, rows * batch)];
                representation.MultiplyColumns(inputs, batch, products, 1, width);
                AssertClose(rows, columns, values, inputs, batch, products);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_DoNotDependOnThreads(string name)
    {
        Seeded random = new(64);
        float[] values = RandomMatrix.Values(random, 300, 130, 3, 0.6, zero: false);
        if (RoundTripTests.TryCreate(QuantizedMatrix.FromValues(300, 130, values), name) is not { } representation) return;
        float[] inputs = Gaussian(random, 130 * 100);
        float[] one = new float[300 * 100];
        float[] several = new float[300 * 100];
        representation.Multiply(inputs.AsSpan(0, 130), one.AsSpan(0, 300), 1);
        representation.Multiply(inputs.AsSpan(0, 130), several.AsSpan(0, 300), 3);
        RoundTripTests.AssertSameBits(one, several);
        representation.MultiplyColumns(inputs, 100, one, 1);
        representation.MultiplyColumns(inputs, 100, several, 4);
        RoundTripTests.AssertSameBits(one, several);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_OfMismatchedShapes_AreRefused(string name)
    {
        Representation representation = RoundTripTests.TryCreate(QuantizedMatrix.FromValues(2, 3, [0, 1, 0, 0, 0, 1]), name)!;
        Assert.Throws<ArgumentException>(() => representation.Multiply(new float[2], new float[2]));
        Assert.Throws<ArgumentException>(() => representation.Multiply(new float[3], new float[3]));
        Assert.Throws<ArgumentException>(() => representation.MultiplyColumns(new float[5], 2, new float[4]));
        Assert.Throws<ArgumentException>(() => representation.MultiplyColumns(new float[6], 2, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => representation.MultiplyColumns(new float[6], -2, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => representation.Multiply(new float[3], new float[2], 0));
        Assert.Throws<ArgumentException>(() => representation.CopyTo(new float[5]));
    }

    internal static IEnumerable<LaneWidth> Widths() => Enum.GetValues<LaneWidth>().Where(width => width <= LaneWidths.Widest);

    internal static float[] Gaussian(Seeded random, int length)
    {
        float[] values = new float[length];
        foreach (ref float value in values.AsSpan()) value = random.NextGaussian();
        return values;
    }

    // Forms that leave a value out sum up what it meets too: it belongs to what rounding is relative to.
    private static void AssertClose(int rows, int columns, float[] values, float[] inputs, int batch, float[] products)
    {
        float common = columns == 0 || rows == 0 ? 0 : Math.Abs(QuantizedMatrix.FromValues(rows, columns, values).Values[0]);
        for (int row = 0; row < rows; row++)
        {
            for (int item = 0; item < batch; item++)
            {
                (double sum, double scale) = (0, 0);
                for (int column = 0; column < columns; column++)
                {
                    double weight = values[(row * columns) + column];
                    double input = inputs[(column * batch) + item];
                    sum += weight * input;
                    scale += (Math.Abs(weight) + common) * Math.Abs(input);
                }

                Assert.InRange(products[(row * batch) + item], sum - (1e-5 * scale) - float.Epsilon, sum + (1e-5 * scale) + float.Epsilon);
            }
        }
    }
}
