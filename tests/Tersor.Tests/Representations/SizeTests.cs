using System.Reflection;
using Tersor.Representations;

namespace Tersor.Tests.Representations;

public sealed class SizeTests
{
    private const int Cases = 120;

    public static TheoryData<string> Formats => RoundTripTests.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Size_IsThatOfTheBuffers_AndWasForetold(string name)
    {
        Seeded random = new(65);
        for (int i = 0; i < Cases; i++)
        {
            (int rows, int columns, float[] values) = RandomMatrix.Any(random, random.NextInt(2) == 0 ? 600 : 3);
            QuantizedMatrix matrix = QuantizedMatrix.FromValues(rows, columns, values);
            long? foretold = RepresentationFormats.TryParse(name, out RepresentationFormat? format) ? matrix.Measure().SizeInBits(format.Value) : null;
            Representation? representation = RoundTripTests.TryCreate(matrix, name);
            Assert.Equal(foretold, representation?.SizeInBits);
            if (representation is not null) Assert.Equal(BufferBytes(representation), representation.ResidentBytes);
        }
    }

    [Fact]
    public void IndexWidths_FollowNeed()
    {
        Assert.Equal(8, ColumnIndexBits(256));
        Assert.Equal(16, ColumnIndexBits(257));
        Assert.Equal(16, ColumnIndexBits(1 << 16));
        Assert.Equal(32, ColumnIndexBits((1 << 16) + 1));
    }

    [Fact]
    public void Csr16_RefusesMoreColumnsThanItReaches()
    {
        QuantizedMatrix matrix = QuantizedMatrix.FromValues(1, (1 << 16) + 1, new float[(1 << 16) + 1]);

        ArgumentException refusal = Assert.Throws<ArgumentException>(() => Representation.Create(matrix, RepresentationFormat.Csr16));
        Assert.Contains("csr32", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RepresentationFormat.Csr32)]
    [InlineData(RepresentationFormat.Cer)]
    [InlineData(RepresentationFormat.Cser)]
    [InlineData(RepresentationFormat.RelativeIndices)]
    [InlineData(RepresentationFormat.CodedCsr)]
    [InlineData(RepresentationFormat.Codes)]
    public void MoreThan65536Columns_AreMultiplied(RepresentationFormat format)
    {
        const int Columns = 200_000;
        float[] values = new float[2 * Columns];
        float[] vector = new float[Columns];
        (values[0], values[Columns - 1], values[Columns + 70_000], values[Columns + 131_072]) = (1, 2, 3, 1);
        (vector[0], vector[^1], vector[70_000], vector[131_072]) = (10, 100, 1000, 10_000);
        Representation representation = Representation.Create(QuantizedMatrix.FromValues(2, Columns, values), format);
        float[] product = new float[2];

        representation.Multiply(vector, product);

        Assert.Equal([210, 13_000], product);
        RoundTripTests.AssertSameBits(values, RoundTripTests.Dense(representation));
    }

    [Fact]
    public void MoreThan65536Values_AreHeldDenseOnly()
    {
        float[] values = [.. Enumerable.Range(0, QuantizedMatrix.MaxValueCount + 1).Select(i => (float)i)];

        Assert.Throws<ArgumentException>(() => QuantizedMatrix.FromValues(1, values.Length, values));
        Assert.Equal(values.Length, QuantizedMatrix.FromValues(1, values.Length - 1, values.AsSpan(0, values.Length - 1)).Values.Length + 1);
        Assert.Equal(4 * values.Length, Representation.FromDense(1, values.Length, values).ResidentBytes);
    }

    private static int ColumnIndexBits(int columns) =>
        Representation.Create(QuantizedMatrix.FromValues(1, columns, new float[columns]), RepresentationFormat.Cer).Arrays.Single(array => array.Name == "colI").BitsPerElement;

    // Every array that the object reaches.
    private static long BufferBytes(object owner) => owner.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Sum(field => field.GetValue(owner) switch
    {
        float[] singles => 4L * singles.Length,
        ushort[] words => 2L * words.Length,
        byte[] bytes => bytes.Length,
        PackedIndices indices => indices.Bytes.Length,
        _ => 0,
    });
}
