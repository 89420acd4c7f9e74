using System.Runtime.InteropServices;
using Tersor.Representations;

namespace Tersor.Tests.Representations;

public sealed class RoundTripTests
{
    private const int Cases = 150;

    public static TheoryData<string> Formats => [.. RepresentationFormats.All.Select(format => format.Name())];

    [Theory]
    [MemberData(nameof(Formats))]
    public void CopyTo_GivesTheBitsBack_ForAnyMatrixThatFits(string name)
    {
        Seeded random = new(61);
        int held = 0;
        for (int i = 0; i < Cases; i++)
        {
            (int rows, int columns, float[] values) = RandomMatrix.Any(random, random.NextInt(2) == 0 ? 600 : 3);
            QuantizedMatrix matrix = QuantizedMatrix.FromValues(rows, columns, values);
            if (TryCreate(matrix, name) is not { } representation) continue;
            held++;
            AssertSameBits(values, Dense(representation));
            QuantizedMatrix back = representation.ToQuantizedMatrix();
            Assert.Equal(matrix.Values, back.Values);
            Assert.Equal(matrix.Counts, back.Counts);
        }

        Assert.True(held > Cases / 10);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void CopyTo_TellsValuesApartByBitPattern(string name)
    {
        float[] values = [-0f, 0f, -0f, -0f, BitConverter.Int32BitsToSingle(0x7FC00001), float.NaN, 1, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -0f, 0f];
        foreach (int distinct in (int[])[2, 3, 12])
        {
            float[] part = [.. values.Select(value => Array.IndexOf([.. Patterns(values).Take(distinct)], BitConverter.SingleToInt32Bits(value)) >= 0 ? value : -0f)];
            if (TryCreate(QuantizedMatrix.FromValues(3, 4, part), name) is { } representation) AssertSameBits(part, Dense(representation));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void CopyTo_OfNothingButNonFiniteValues_GivesTheBitsBack(string name)
    {
        float[] values = [float.NaN, float.NaN, float.PositiveInfinity, float.NaN];
        if (TryCreate(QuantizedMatrix.FromValues(2, 2, values), name) is { } representation) AssertSameBits(values, Dense(representation));
    }

    internal static Representation? TryCreate(QuantizedMatrix matrix, string name)
    {
        Assert.True(RepresentationFormats.TryParse(name, out RepresentationFormat? format));
        try
        {
            return Representation.Create(matrix, format.Value);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    internal static float[] Dense(Representation representation)
    {
        float[] values = new float[representation.Rows * representation.Columns];
        representation.CopyTo(values);
        return values;
    }

    internal static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.True(MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual)), "the values differ in their bits");

    private static IEnumerable<int> Patterns(float[] values) => values.Select(BitConverter.SingleToInt32Bits).Distinct();
}
