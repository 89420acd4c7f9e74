using Tersor.EntropyCoding.Huffman;

namespace Tersor.Tests.EntropyCoding.Huffman;

public sealed class HuffmanCodeTests
{
    /// <summary>Deep Compression, worked example: nine ids of four values, and nine indices of two.</summary>
    [Theory]
    [InlineData(18L, 2L, 2L, 3L, 2L)]
    [InlineData(9L, 3L, 6L)]
    public void WorkedExample_TakesTheBitsOfItsDescription(long bits, params long[] counts) => Assert.Equal(bits, HuffmanCode.FromCounts(counts).CountBits(counts));

    /// <summary>The note on rate-distortion theory, section 5: 16 weights of 32 bits as four shared values that stand 8, 4, 2 and 2 times are 3.282051 times smaller.</summary>
    [Fact]
    public void SharedWeights_WorkedExample_HasItsRatio()
    {
        long[] counts = [8, 4, 2, 2];
        Assert.Equal(3.282051, 16 * 32 / (HuffmanCode.FromCounts(counts).CountBits(counts) + (4 * 32.0)), 1e-6);
    }

    [Fact]
    public void FromCounts_GivesCanonicalCodes()
    {
        HuffmanCode code = HuffmanCode.FromCounts([1, 5, 0, 2, 1]);

        Assert.Equal([3, 1, 0, 2, 3], code.Lengths.ToArray());
        Assert.Equal([0b110, 0b0, 0, 0b10, 0b111], code.Codes.ToArray().Select(bits => (int)bits));
    }

    [Fact]
    public void FromCounts_SymbolThatIsAlone_TakesOneBit()
    {
        HuffmanCode code = HuffmanCode.FromCounts([0, 7, 0]);

        Assert.Equal([0, 1, 0], code.Lengths.ToArray());
        Assert.Equal([1, 1, 1, 1, 1, 1, 1], RoundTrip(code, [1, 1, 1, 1, 1, 1, 1]));
    }

    [Fact]
    public void FromCounts_SmallAlphabets_IsTheBestOfAllCodes()
    {
        Seeded random = new(1);
        for (int round = 0; round < 200; round++)
        {
            long[] counts = [.. Enumerable.Range(0, 2 + random.NextInt(4)).Select(_ => (long)(1 + random.NextInt(1 << random.NextInt(10))))];
            foreach (int maxLength in (int[])[3, 4, 15])
            {
                byte[] lengths = CodeLengths.Shortest(counts, maxLength);

                Assert.Equal(Best(counts, maxLength), counts.Select((count, symbol) => count * lengths[symbol]).Sum());
                Assert.True(HuffmanCode.TryFromLengths(lengths, out _), "lengths that leave no pattern unused");
                Assert.InRange(lengths.Max(), 1, maxLength);
            }
        }
    }

    [Fact]
    public void FromCounts_SteepCounts_KeepToTheLimit()
    {
        // Of Fibonacci numbers an unlimited code gets as long as there are symbols.
        long[] counts = new long[40];
        (counts[0], counts[1]) = (1, 1);
        for (int i = 2; i < counts.Length; i++) counts[i] = counts[i - 1] + counts[i - 2];

        HuffmanCode code = HuffmanCode.FromCounts(counts);

        Assert.Equal(HuffmanCode.MaxLength, code.Longest);
        Assert.True(HuffmanCode.TryFromLengths(code.Lengths, out _));
    }

    [Fact]
    public void FromCounts_AnyCounts_AreNeverWorseThanFixedWidth()
    {
        Seeded random = new(2);
        for (int round = 0; round < 100; round++)
        {
            long[] counts = [.. Enumerable.Range(0, 1 + random.NextInt(HuffmanCode.MaxSymbolCount)).Select(_ => (long)random.NextInt(1 + random.NextInt(1000)))];
            int used = counts.Count(count => count > 0);
            int width = 1;
            while (1 << width < used) width++;

            Assert.InRange(HuffmanCode.FromCounts(counts).CountBits(counts), 0, width * counts.Sum());
        }
    }

    [Fact]
    public void Shortest_MoreSymbolsThanCodes_AreRefused() => Assert.Throws<ArgumentException>(() => CodeLengths.Shortest([1, 1, 1, 1, 1], maxLength: 2));

    [Fact]
    public void WriteRead_RandomSymbols_ComeBack()
    {
        Seeded random = new(3);
        for (int round = 0; round < 100; round++)
        {
            int alphabet = 1 + random.NextInt(300);
            int skew = 1 + random.NextInt(alphabet);
            int[] symbols = [.. Enumerable.Range(0, random.NextInt(2000)).Select(_ => random.NextInt(1 + random.NextInt(skew)))];
            if (symbols.Length == 0) continue;
            long[] counts = new long[alphabet];
            foreach (int symbol in symbols) counts[symbol]++;
            HuffmanCode code = HuffmanCode.FromCounts(counts);
            Assert.True(HuffmanCode.TryFromLengths(code.Lengths, out HuffmanCode? read));

            Assert.Equal(symbols, RoundTrip(read, symbols));
        }
    }

    [Theory]
    [InlineData(new byte[] { 1, 1, 1 })]
    [InlineData(new byte[] { 1, 2, 2, 15 })]
    [InlineData(new byte[] { 2, 2, 2 })]
    [InlineData(new byte[] { 0, 2, 0 })]
    [InlineData(new byte[] { 0, 0 })]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 1, 16 })]
    public void TryFromLengths_TooManyOrTooFewCodes_AreRefused(byte[] lengths) => Assert.False(HuffmanCode.TryFromLengths(lengths, out _));

    [Fact]
    public void TryFromLengths_MoreSymbolsThanAnAlphabetHas_IsRefused()
    {
        byte[] lengths = new byte[HuffmanCode.MaxSymbolCount + 2];
        (lengths[0], lengths[^1]) = (1, 1);

        Assert.False(HuffmanCode.TryFromLengths(lengths, out _));
    }

    [Fact]
    public void Read_AnyBytes_EndsAfterTheLastWholeCode()
    {
        HuffmanCode code = HuffmanCode.FromCounts([100, 20, 5, 1, 1]);
        Seeded random = new(4);
        for (int length = 0; length < 40; length++)
        {
            byte[] bytes = new byte[length];
            random.Fill(bytes);
            HuffmanReader reader = new(code, bytes);
            int bits = 0;
            for (int symbol = reader.Read(); symbol >= 0; symbol = reader.Read()) bits += code.Lengths[symbol];

            Assert.InRange(bits, Math.Max(0, (8 * length) - code.Longest + 1), 8 * length);
        }
    }

    [Fact]
    public void Read_LoneSymbolWhoseBitIsOne_HasNoCode()
    {
        HuffmanReader reader = new(HuffmanCode.FromCounts([3]), [0b0001_0000]);

        Assert.Equal((0, 0, 0, -1), (reader.Read(), reader.Read(), reader.Read(), reader.Read()));
        Assert.False(reader.IsAtEnd);
    }

    private static int[] RoundTrip(HuffmanCode code, int[] symbols)
    {
        long[] counts = new long[code.Lengths.Length];
        foreach (int symbol in symbols) counts[symbol]++;
        byte[] bytes = new byte[(code.CountBits(counts) + 7) / 8];
        HuffmanWriter writer = new(code, bytes);
        foreach (int symbol in symbols) writer.Write(symbol);
        writer.Finish();
        HuffmanReader reader = new(code, bytes);
        int[] back = new int[symbols.Length];
        for (int i = 0; i < back.Length; i++) back[i] = reader.Read();
        Assert.True(reader.IsAtEnd, "bits are left over");
        return back;
    }

    // Over all lengths that a prefix code can have.
    private static long Best(long[] counts, int maxLength, int symbol = 0, double space = 1)
    {
        if (symbol == counts.Length) return 0;
        long best = long.MaxValue;
        for (int length = 1; length <= Math.Min(maxLength, counts.Length); length++)
        {
            double left = space - Math.Pow(2, -length);
            if (left < 0) continue;
            long rest = Best(counts, maxLength, symbol + 1, left);
            if (rest < long.MaxValue) best = Math.Min(best, (counts[symbol] * length) + rest);
        }

        return best;
    }
}
