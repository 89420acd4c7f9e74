using Tersor.Representations;

namespace Tersor.Tests.Representations;

public sealed class SpecialValueTests
{
    public static TheoryData<string> Formats => RoundTripTests.Formats;

    /// <summary>Infinite weights are not summed up before they are multiplied: what they meet may cancel in a sum, never in the product.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_WithInfiniteWeights_AreThoseOfTheDenseMatrix(string name)
    {
        float[] values = [float.PositiveInfinity, float.PositiveInfinity, 0, 0, 0, float.PositiveInfinity, 0, 0, 0, 0, 0, 0];
        if (RoundTripTests.TryCreate(QuantizedMatrix.FromValues(3, 4, values), name) is not { } representation) return;
        float[] product = new float[3];
        float[] products = new float[6];

        representation.Multiply([1, -3, 2, 1], product);
        representation.MultiplyColumns([1, 1, -3, 2, 2, 2, 1, 1], 2, products);

        Assert.Equal([float.NaN, float.NegativeInfinity, 0], product);
        Assert.Equal([float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.PositiveInfinity, 0, 0], products);
    }

    /// <summary>Lanes beyond the last column hold no weight, not the most frequent one either.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_WhereMostWeightsAreInfinite_AreFiniteInRowsWithout(string name)
    {
        const int Columns = 69;
        foreach (int others in (int[])[1, 15, 65])
        {
            float[] values = [.. Enumerable.Repeat(float.PositiveInfinity, 3 * Columns), .. Enumerable.Range(0, Columns).Select(i => (float)(i % others) + 1)];
            if (RoundTripTests.TryCreate(QuantizedMatrix.FromValues(4, Columns, values), name) is not { } representation) continue;
            float[] product = new float[4];
            float[] products = new float[8];

            representation.Multiply([.. Enumerable.Repeat(1f, Columns)], product);
            representation.MultiplyColumns([.. Enumerable.Repeat(1f, 2 * Columns)], 2, products);

            float last = values[^Columns..].Sum();
            Assert.Equal([float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, last], product);
            Assert.Equal([last, last], products[6..]);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_WithNaNWeights_AreNaNInTheirRowsOnly(string name)
    {
        if (RoundTripTests.TryCreate(QuantizedMatrix.FromValues(2, 3, [0, float.NaN, 0, 0, 2, 0]), name) is not { } representation) return;
        float[] product = new float[2];

        representation.Multiply([1, 1, 1], product);

        Assert.Equal([float.NaN, 2], product);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EmptyMatrices_AndEmptyRows_GiveZeros(string name)
    {
        foreach ((int rows, int columns) in ((int, int)[])[(0, 0), (0, 5), (5, 0), (70, 1), (1, 70)])
        {
            Representation representation = RoundTripTests.TryCreate(QuantizedMatrix.FromValues(rows, columns, new float[rows * columns]), name)!;
            float[] product = [.. Enumerable.Repeat(1f, rows)];
            float[] products = [.. Enumerable.Repeat(1f, rows * 3)];
            representation.Multiply(new float[columns], product, 2);
            representation.MultiplyColumns(new float[columns * 3], 3, products, 2);
            Assert.All(product.Concat(products), value => Assert.Equal(0, value));
            Assert.Equal(rows, representation.ToQuantizedMatrix().Rows);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void OneValue_IsMultiplied(string name)
    {
        Representation representation = RoundTripTests.TryCreate(QuantizedMatrix.FromValues(3, 3, [.. Enumerable.Repeat(2.5f, 9)]), name)!;
        float[] product = new float[3];

        representation.Multiply([1, 2, 3], product);

        Assert.Equal([15, 15, 15], product);
    }
}
