using System.Globalization;
using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Tests.Nnc.Syntax;

public class BitSyntaxTests
{
    [Theory]
    [InlineData(7, 0, "10000000")]
    [InlineData(7, 127, "11111111")]
    [InlineData(7, 128, "0100000000")]
    [InlineData(0, 0, "1")]
    [InlineData(0, 1, "010")]
    [InlineData(0, 2, "011")]
    [InlineData(0, 3, "00100")]
    [InlineData(1, 2, "0100")]
    public void Exp_Golomb_codes_are_those_of_the_text(int order, long value, string bits)
    {
        var writer = new BitWriter();
        writer.WriteExpGolomb(value, order);
        Assert.Equal(bits, Bits(writer));
        BitReader reader = Read(bits);
        Assert.Equal(value, reader.ReadExpGolomb(order));
    }

    [Theory]
    [InlineData(1, "010")]
    [InlineData(-1, "011")]
    [InlineData(2, "00100")]
    [InlineData(0, "1")]
    public void Signed_codes_alternate_starting_with_plus_one(long value, string bits)
    {
        var writer = new BitWriter();
        writer.WriteSignedExpGolomb(value, 0);
        Assert.Equal(bits, Bits(writer));
        BitReader reader = Read(bits);
        Assert.Equal(value, reader.ReadSignedExpGolomb(0));
    }

    [Fact]
    public void Everything_written_is_read_back_through_a_window_of_any_size()
    {
        foreach (int windowBytes in new[] { 1, 2, 3, 7, 512 })
        {
            Seeded random = new(7);
            var writer = new BitWriter();
            for (int i = 0; i < 400; i++) Element(random, writer);
            writer.WriteAlignment();
            byte[] bytes = writer.ToSpan().ToArray();

            random = new Seeded(7);
            var reader = new BitReader(ByteSource.FromMemory(bytes), 0, bytes.Length, new byte[windowBytes], unitNumber: 0);
            for (int i = 0; i < 400; i++) Check(random, ref reader);
            reader.ReadAlignment();
            Assert.Equal(0, reader.RemainingBytes);
        }
    }

    [Fact]
    public void Alignment_costs_a_byte_where_the_stream_is_aligned_already()
    {
        var writer = new BitWriter();
        writer.WriteAlignment();
        Assert.Equal([0x80], writer.ToSpan().ToArray());
        writer.WriteBits(0b101, 3);
        writer.WriteAlignment();
        Assert.Equal([0x80, 0b1011_0000], writer.ToSpan().ToArray());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(80)]
    [InlineData(8000)]
    public void A_run_of_zeros_ends_in_an_error(int length) =>
        Assert.Throws<ModelFormatException>(() => Read(new string('0', length)).ReadExpGolomb(0));

    [Theory]
    [InlineData("00000000")]
    [InlineData("11000000")]
    [InlineData("10000001")]
    public void Alignment_bits_other_than_one_and_zeros_are_refused(string bits) =>
        Assert.Throws<ModelFormatException>(() => Read(bits).ReadAlignment());

    [Theory]
    [InlineData(new byte[] { 0xFF, 0x00 })]
    [InlineData(new byte[] { 0xC3, 0x00 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80, 0x00 })]
    [InlineData(new byte[] { 0x61, 0x62 })]
    public void A_name_that_is_not_UTF8_or_does_not_end_is_refused(byte[] bytes)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => new BitReader(ByteSource.FromMemory(bytes), 0, bytes.Length, new byte[16], unitNumber: 3).ReadString("the name"));
        Assert.Equal("unit 3", error.Item);
    }

    [Fact]
    public void A_name_without_end_is_given_up_after_64_KiB()
    {
        byte[] bytes = new byte[1 << 20];
        bytes.AsSpan().Fill((byte)'a');
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => new BitReader(ByteSource.FromMemory(bytes), 0, bytes.Length, new byte[512], unitNumber: 0).ReadString("the name"));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 19);
    }

    [Fact]
    public void A_name_that_cannot_be_written_is_refused_with_the_mend()
    {
        foreach (string name in new[] { "a\0b", "\uD800" })
            Assert.Contains("rename it", Assert.Throws<ArgumentException>(() => new BitWriter().WriteString(name)).Message, StringComparison.Ordinal);
        Assert.Contains("shorten it", Assert.Throws<ArgumentException>(() => new BitWriter().WriteString(new string('x', 70_000))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Singles_lie_least_significant_byte_first()
    {
        var writer = new BitWriter();
        writer.WriteSingle(1f);
        Assert.Equal([0x00, 0x00, 0x80, 0x3F], writer.ToSpan().ToArray());
    }

    [Fact]
    public void A_value_that_does_not_fit_its_field_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BitWriter().WriteBits(8, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BitWriter().WriteSigned(4096, 13));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BitWriter().WriteSigned(-4097, 13));
    }

    private static void Element(Seeded random, BitWriter writer)
    {
        switch (random.NextInt(5))
        {
            case 0: writer.WriteBits((uint)random.NextUInt64() & 0x1FFF, 13); break;
            case 1: writer.WriteBits((uint)random.NextUInt64(), 32); break;
            case 2: writer.WriteExpGolomb((long)(random.NextUInt64() >> (17 + random.NextInt(46))), random.NextInt(12)); break;
            case 3: writer.WriteSignedExpGolomb((long)random.NextUInt64() >> (18 + random.NextInt(46)), random.NextInt(12)); break;
            default: writer.WriteSigned((int)random.NextUInt64() >> 19, 13); break;
        }
    }

    private static void Check(Seeded random, ref BitReader reader)
    {
        switch (random.NextInt(5))
        {
            case 0: Assert.Equal((uint)random.NextUInt64() & 0x1FFF, reader.ReadBits(13)); break;
            case 1: Assert.Equal((uint)random.NextUInt64(), reader.ReadBits(32)); break;
            case 2: Assert.Equal((long)(random.NextUInt64() >> (17 + random.NextInt(46))), reader.ReadExpGolomb(random.NextInt(12))); break;
            case 3: Assert.Equal((long)random.NextUInt64() >> (18 + random.NextInt(46)), reader.ReadSignedExpGolomb(random.NextInt(12))); break;
            default: Assert.Equal((int)random.NextUInt64() >> 19, reader.ReadSigned(13)); break;
        }
    }

    private static string Bits(BitWriter writer)
    {
        long count = writer.BitCount;
        writer.WriteBits(0, (int)(-count & 7));
        return string.Concat(writer.ToSpan().ToArray().Select(b => b.ToString("b8", CultureInfo.InvariantCulture)))[..(int)count];
    }

    private static BitReader Read(string bits)
    {
        string padded = bits.PadRight((bits.Length + 7) / 8 * 8, '0');
        byte[] bytes = [.. Enumerable.Range(0, padded.Length / 8).Select(i => Convert.ToByte(padded.Substring(8 * i, 8), 2))];
        return new BitReader(ByteSource.FromMemory(bytes), 0, bytes.Length, new byte[16], unitNumber: 0);
    }
}
