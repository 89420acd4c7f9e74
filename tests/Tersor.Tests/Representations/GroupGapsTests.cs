using System.Buffers;
using Tersor.Models;
using Tersor.Representations;
using Tersor.Representations.Kernels;

namespace Tersor.Tests.Representations;

/// <summary>Columns of CER and CSER as gaps: where they are taken, and that nobody but the size can tell.</summary>
public sealed class GroupGapsTests
{
    public static TheoryData<RepresentationFormat> Formats => [RepresentationFormat.Cer, RepresentationFormat.Cser];

    [Theory]
    [MemberData(nameof(Formats))]
    public void FewValuesInManyColumns_TakeOneByteAnEntry(RepresentationFormat format)
    {
        Seeded random = new(71);
        for (int i = 0; i < 40; i++)
        {
            (int rows, int columns) = (1 + random.NextInt(20), 257 + random.NextInt(3000));
            float[] values = RandomMatrix.Values(random, rows, columns, 3, 0.2 + (0.7 * random.NextSingle()), zero: random.NextInt(2) == 0);
            Representation representation = Create(rows, columns, values, format);

            Assert.Equal(8, ColumnBits(representation));
            RoundTripTests.AssertSameBits(values, RoundTripTests.Dense(representation));
        }
    }

    /// <summary>Columns of a batch meet what would have been stored, so products are the same to the bit; with one vector, escapes take lanes, and sums are made in another order.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Products_AreThoseOfStoredColumns(bool namesValues)
    {
        Seeded random = new(72);
        const int Rows = 7;
        const int Columns = 1100;
        QuantizedMatrix matrix = QuantizedMatrix.FromValues(Rows, Columns, RandomMatrix.Values(random, Rows, Columns, 4, 0.8, zero: true));
        Representation stored = EntropyRowMatrix.Of(matrix, matrix.Measure(), namesValues, gapWidth: 0);
        Representation gaps = EntropyRowMatrix.Of(matrix, matrix.Measure(), namesValues, gapWidth: 1);
        float[] inputs = ProductTests.Gaussian(random, Columns * 20);
        foreach (LaneWidth width in ProductTests.Widths())
        {
            foreach (int batch in (int[])[1, 20])
            {
                (float[] expected, float[] actual) = (new float[Rows * batch], new float[Rows * batch]);
                stored.MultiplyColumns(inputs.AsSpan(0, Columns * batch), batch, expected, 1, width);
                gaps.MultiplyColumns(inputs.AsSpan(0, Columns * batch), batch, actual, 1, width);
                if (batch > 1) RoundTripTests.AssertSameBits(expected, actual);
                else Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
            }
        }

        ProductCost cost = gaps.Describe();
        Assert.Equal((stored.Describe().Multiplications, stored.Describe().Additions), (cost.Multiplications, cost.Additions));
    }

    [Fact]
    public void Decoding_IsTheSameAtEveryWidth()
    {
        Seeded random = new(73);
        for (int i = 0; i < 300; i++)
        {
            // Few escapes, many, or runs of them.
            int escapes = random.NextInt(3) switch { 0 => 0, 1 => 3, _ => 80 };
            byte[] gaps = [.. Enumerable.Range(0, 1 + random.NextInt(90)).Select(_ => (byte)(random.NextInt(100) < escapes ? 255 : random.NextInt(200)))];
            int[] expected = new int[gaps.Length];
            int count = Decode(gaps, expected);
            foreach (LaneWidth width in ProductTests.Widths()) Assert.Equal(expected[..count], Decode(width, gaps));
        }
    }

    [Fact]
    public void Gaps_OfASpreadGroup_AreTakenOnlyWhereEscapesAreFew()
    {
        // An entry in 400 columns needs an escape beside it.
        Assert.Equal(8, ColumnBits(Spread(100)));
        Assert.Equal(16, ColumnBits(Spread(400)));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void MoreThan65536Columns_TakeGapsOf16Bits(RepresentationFormat format)
    {
        const int Columns = 200_000;
        float[] values = new float[Columns];
        for (int i = 0; i < Columns; i += 3000) values[i] = 2;
        Representation representation = Create(1, Columns, values, format);
        float[] product = new float[1];

        representation.Multiply([.. Enumerable.Range(0, Columns).Select(column => column % 3000 == 0 ? 1f : 1e6f)], product);

        Assert.Equal(16, ColumnBits(representation));
        Assert.Equal(2 * 67, product[0]);
        RoundTripTests.AssertSameBits(values, RoundTripTests.Dense(representation));
    }

    /// <summary>An infinite weight meets its own inputs only, decoded or stored.</summary>
    [Fact]
    public void InfiniteWeights_MeetTheirInputsOnly()
    {
        float[] values = new float[600];
        (values[3], values[300], values[500]) = (float.PositiveInfinity, 1, float.PositiveInfinity);
        for (int i = 301; i < 400; i++) values[i] = 1;
        float[] vector = new float[600];
        (vector[3], vector[500], vector[300]) = (1, 2, 5);
        float[] product = new float[1];
        Representation representation = Create(1, 600, values, RepresentationFormat.Cer);
        Assert.Equal(8, ColumnBits(representation));

        representation.Multiply(vector, product);
        Assert.Equal(float.PositiveInfinity, product[0]);
        vector[500] = -1;
        representation.Multiply(vector, product);
        Assert.Equal(float.NaN, product[0]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void DamagedGaps_AreRefusedOrGiveWhatCanBeUsed(RepresentationFormat format)
    {
        Seeded random = new(74);
        byte[] valid = Write(Create(3, 700, RandomMatrix.Values(random, 3, 700, 3, 0.9, zero: true), format));
        foreach (byte[] bytes in Mutations.Truncations(valid).Concat(Mutations.SingleBitFlips(valid)).Concat(Mutations.Random(valid, 75, 1000)))
        {
            try
            {
                Representation representation = Representation.Read(bytes, "damaged.bin");
                if ((long)representation.Rows * representation.Columns > 1 << 20) continue;
                RoundTripTests.Dense(representation);
                representation.Multiply(new float[representation.Columns], new float[representation.Rows]);
                representation.MultiplyColumns(new float[representation.Columns * 3], 3, new float[representation.Rows * 3]);
            }
            catch (ModelFormatException error)
            {
                Assert.StartsWith("damaged.bin", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(255, "nothing follows it")]
    [InlineData(250, "are left")]
    public void GapsThatLeaveTheRow_AreNamed(byte last, string problem)
    {
        float[] values = new float[300];
        for (int i = 0; i < 100; i++) values[i] = 1;
        byte[] bytes = Write(Create(1, 300, values, RepresentationFormat.Cer));

        // The last gap stands before OmegaPtr and rowPtr: two pointers of a byte each, and two.
        bytes[^15] = last;

        Assert.Contains(problem, Assert.Throws<ModelFormatException>(() => Representation.Read(bytes, "x.bin")).Message, StringComparison.Ordinal);
    }

    private static Representation Spread(int distance)
    {
        float[] values = new float[40 * distance];
        for (int i = distance - 1; i < values.Length; i += distance) values[i] = 1;
        return Create(1, values.Length, values, RepresentationFormat.Cer);
    }

    private static Representation Create(int rows, int columns, float[] values, RepresentationFormat format) =>
        Representation.Create(QuantizedMatrix.FromValues(rows, columns, values), format);

    private static int ColumnBits(Representation representation) => representation.Arrays.Single(array => array.Name == "colI").BitsPerElement;

    private static unsafe int Decode(byte[] gaps, int[] columns)
    {
        fixed (byte* source = gaps)
        fixed (int* target = columns) return GapDecoder.Decode(source, gaps.Length, target);
    }

    private static unsafe int[] Decode(LaneWidth width, byte[] gaps)
    {
        ushort[] columns = new ushort[gaps.Length + GapDecoder.Slack];
        fixed (byte* source = gaps)
        fixed (ushort* target = columns)
        {
            int count = GapDecoder.Decode(width, source, gaps.Length, source + gaps.Length, target);
            return [.. columns.Take(count).Select(column => (int)column)];
        }
    }

    private static byte[] Write(Representation representation)
    {
        ArrayBufferWriter<byte> buffer = new();
        representation.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
