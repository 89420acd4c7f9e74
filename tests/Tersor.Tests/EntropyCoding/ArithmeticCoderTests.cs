using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

public class ArithmeticCoderTests
{
    private static readonly byte[] ExamplePayload = [0xF9, 0x4C, 0x80, 0x19, 0xBA, 0x48, 0xE5];
    private static readonly int[] ExampleLevels = [0, -2, 0, 15, 1, -2];

    private static readonly LevelSyntax ExampleSyntax =
        new() { Dialect = NncDialect.EditionTwo, RowCount = 2, RowLength = 3, GreaterFlagCount = 2, DependentQuantization = true };

    [Fact]
    public void Decode_WorkedExample_GivesItsQpAndLevels()
    {
        var decoder = new ArithmeticDecoder(ExamplePayload);
        Assert.Equal(unchecked((byte)-6), (byte)decoder.DecodeBypassBits(8));
        int[] levels = new int[6];
        Assert.Equal(LevelDecodingStatus.Done, LevelDecoder.Decode(ref decoder, ExampleSyntax, [], [], levels));
        Assert.Equal(ExampleLevels, levels);
        Assert.True(decoder.TryFinish());
        Assert.Equal(7, decoder.Position);
    }

    [Fact]
    public void Encode_WorkedExample_GivesItsSevenBytes()
    {
        var encoder = new ArithmeticEncoder();
        encoder.EncodeBypassBits(unchecked((byte)-6), 8);
        LevelEncoder.Encode(encoder, ExampleSyntax, new LevelEncoderOptions(), [], [], ExampleLevels);
        Assert.Equal(ExamplePayload, encoder.Finish().ToArray());
    }

    // Bins 8 to 90 of the example's trace after the QP: the row skip flag, 62 shift flags, then the symbols.
    [Fact]
    public void TextDecoder_WorkedExample_ShowsTheTracesBins()
    {
        var decoder = new TextDecoder(ExamplePayload);
        Assert.Equal(0b11111010, decoder.Number(8));
        Assert.Equal(ExampleLevels, decoder.Tensor(ExampleSyntax, [], []));
        Assert.True(decoder.Finish());
        int[] symbols = [0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0];
        Assert.Equal([1, 1, 1, 1, 1, 0, 1, 0, .. Enumerable.Repeat(0, 63), .. symbols], decoder.Bins);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Decode_OfMixedBins_ReturnsThem(ulong seed)
    {
        List<(int Kind, uint Value, int Extra)> written = [];
        Seeded random = new(seed);
        var encoder = new ArithmeticEncoder(capacity: 1);
        var contexts = new CodingContext[8];
        for (int i = 0; i < contexts.Length; i++) contexts[i].Initialize(i);
        for (int i = 0; i < 20_000; i++)
        {
            int which = random.NextInt(contexts.Length);
            uint bin = random.NextInt(1000) < (which * 142) ? 1u : 0u;
            int kind = random.NextInt(200);
            int bits = random.NextInt(33);
            uint number = (uint)random.NextUInt64() & (uint)((1UL << bits) - 1);
            written.Add(kind == 0 ? (0, number, bits) : kind == 1 ? (1, 0, 0) : (2, bin, which));
            if (kind == 0) encoder.EncodeBypassBits(number, bits);
            else if (kind == 1) encoder.RestartRange();
            else encoder.EncodeBin(ref contexts[which], (int)bin);
        }

        long bitPosition = encoder.BitPosition;
        byte[] payload = encoder.Finish().ToArray();
        var decoder = new ArithmeticDecoder(payload);
        var decoding = new CodingContext[contexts.Length];
        for (int i = 0; i < decoding.Length; i++) decoding[i].Initialize(i);
        foreach ((int kind, uint value, int extra) in written)
        {
            if (kind == 0) Assert.Equal(value, decoder.DecodeBypassBits(extra));
            else if (kind == 1) decoder.RestartRange();
            else Assert.Equal(value == 1, decoder.DecodeBin(ref decoding[extra]));
        }

        Assert.Equal(bitPosition, decoder.BitPosition);
        Assert.True(decoder.TryFinish());
        Assert.False(decoder.IsPastEnd);
    }

    [Fact]
    public void Finish_AfterRestart_GivesTheSameBytesAgain()
    {
        var encoder = new ArithmeticEncoder();
        byte[] Write()
        {
            for (int i = 0; i < 1000; i++) encoder.EncodeBypassBits((uint)(i * 7) & 0xFF, 8);
            return encoder.Finish().ToArray();
        }

        byte[] first = Write();
        encoder.Restart();
        Assert.Equal(first, Write());
    }

    [Fact]
    public void Decode_PastTheEnd_IsNoticedAndNeverThrows()
    {
        for (int length = 0; length < 12; length++)
        {
            var decoder = new ArithmeticDecoder(new byte[length]);
            var context = default(CodingContext);
            context.Initialize(0);
            for (int i = 0; i < 5000; i++)
            {
                decoder.DecodeBin(ref context);
                decoder.DecodeBypassBits(32);
            }

            Assert.True(decoder.IsPastEnd);
            Assert.False(decoder.TryFinish());
        }
    }
}
