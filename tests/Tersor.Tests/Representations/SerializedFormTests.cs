using System.Buffers;
using Tersor.Models;
using Tersor.Representations;

namespace Tersor.Tests.Representations;

public sealed class SerializedFormTests
{
    public static TheoryData<string> Formats => RoundTripTests.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Read_OfWrite_IsTheSame(string name)
    {
        Seeded random = new(66);
        for (int i = 0; i < 60; i++)
        {
            (int rows, int columns, float[] values) = RandomMatrix.Any(random, random.NextInt(2) == 0 ? 600 : 3);
            if (RoundTripTests.TryCreate(QuantizedMatrix.FromValues(rows, columns, values), name) is not { } representation) continue;
            byte[] bytes = Write(representation);
            Representation back = Representation.Read(bytes, "test");
            Assert.Equal((representation.Format, rows, columns), (back.Format, back.Rows, back.Columns));
            RoundTripTests.AssertSameBits(values, RoundTripTests.Dense(back));
            Assert.Equal(bytes, Write(back));
        }
    }

    /// <summary>Truncated, flipped and edited bytes: refused with one message that names the source, or accepted and then safe to use.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Read_OfDamagedBytes_RefusesOrGivesWhatCanBeUsed(string name)
    {
        Seeded random = new(67);
        float[] values = RandomMatrix.Values(random, 19, 23, name == "binary" ? 2 : 3, 0.5, zero: true);
        byte[] valid = Write(RoundTripTests.TryCreate(QuantizedMatrix.FromValues(19, 23, values), name)!);
        int refused = 0;
        foreach (byte[] bytes in Mutations.Truncations(valid).Concat(Mutations.SingleBitFlips(valid)).Concat(Mutations.Random(valid, 68, 1000)))
        {
            try
            {
                Use(Representation.Read(bytes, "damaged.bin"));
            }
            catch (ModelFormatException error)
            {
                refused++;
                Assert.StartsWith("damaged.bin", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.True(refused >= valid.Length);
    }

    [Fact]
    public void Read_OfIndicesOutOfRange_NamesThem()
    {
        Assert.Contains("colI[0] is 3", Refusal(RepresentationFormat.Csr16, bytes => bytes[^4] = 3), StringComparison.Ordinal);
        Assert.Contains("rowPtr", Refusal(RepresentationFormat.Csr16, bytes => bytes[^11] = 9), StringComparison.Ordinal);
        Assert.Contains("values", Refusal(RepresentationFormat.Codes, bytes => bytes[^1] = 0xFF), StringComparison.Ordinal);
    }

    /// <summary>A header of a few bytes that declares the largest matrix must not make the reader set memory aside for it.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Read_OfDeclaredLengthsWithoutBytes_AllocatesNothingForThem(string name)
    {
        Assert.True(RepresentationFormats.TryParse(name, out RepresentationFormat? format));
        byte[] bytes = [.. "TREP"u8, 1, (byte)format.Value, 0x00, 0x00, 0x00, 0x40, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0];
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ModelFormatException>(() => Representation.Read(bytes, "small.bin"));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    /// <summary>The fuzz corpus holds what is written today: a change of the form is a change of files that users may keep.</summary>
    [Fact]
    public void WrittenForms_AreThoseOfTheCorpus()
    {
        string folder = Path.Combine(SharedAssets.RepositoryRoot, "fuzz", "corpus", "representation");
        foreach ((string name, byte[] bytes) in Corpus()) Assert.Equal(File.ReadAllBytes(Path.Combine(folder, name)), bytes);
    }

    // A matrix that each form can hold, and a wide one of which columns are gaps.
    private static IEnumerable<(string Name, byte[] Bytes)> Corpus()
    {
        Seeded random = new(76);
        float[] two = RandomMatrix.Values(random, 5, 12, 2, 0.7, zero: true);
        float[] three = RandomMatrix.Values(random, 5, 12, 3, 0.7, zero: false);
        foreach (RepresentationFormat format in RepresentationFormats.All)
            yield return ($"{format.Name()}.trep", Write(Representation.Create(QuantizedMatrix.FromValues(5, 12, format == RepresentationFormat.Binary ? two : three), format)));
        QuantizedMatrix wide = QuantizedMatrix.FromValues(2, 700, RandomMatrix.Values(random, 2, 700, 3, 0.9, zero: true));
        foreach (RepresentationFormat format in (RepresentationFormat[])[RepresentationFormat.Cer, RepresentationFormat.Cser])
            yield return ($"{format.Name()}-gaps.trep", Write(Representation.Create(wide, format)));
    }

    private static string Refusal(RepresentationFormat format, Action<byte[]> damage)
    {
        byte[] bytes = Write(Representation.Create(QuantizedMatrix.FromValues(2, 3, [0, 1, 0, 0, 0, 2]), format));
        damage(bytes);
        return Assert.Throws<ModelFormatException>(() => Representation.Read(bytes, "x.bin")).Message;
    }

    private static byte[] Write(Representation representation)
    {
        ArrayBufferWriter<byte> buffer = new();
        representation.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Use(Representation representation)
    {
        if ((long)representation.Rows * representation.Columns > 1 << 20 || representation.Rows > 1 << 20 || representation.Columns > 1 << 20) return;
        RoundTripTests.Dense(representation);
        representation.Multiply(new float[representation.Columns], new float[representation.Rows]);
        representation.MultiplyColumns(new float[representation.Columns * 3], 3, new float[representation.Rows * 3]);
        representation.Describe();
    }
}
