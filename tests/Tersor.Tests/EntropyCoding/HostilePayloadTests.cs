using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

public class HostilePayloadTests
{
    [Fact]
    public void Decode_EveryTruncation_NeverPassesTheEndCheck()
    {
        Seeded random = new(11);
        for (int i = 0; i < 60; i++)
        {
            TensorCase tensor = TensorCase.Random(random);
            foreach (byte[] damaged in Mutations.Truncations(tensor.Encode(tensor.RandomOptions(random)))) Assert.False(Survives(tensor, damaged));
        }
    }

    [Fact]
    public void Decode_BitFlipsAndRandomEdits_EndInAStatus()
    {
        Seeded random = new(12);
        for (int i = 0; i < 40; i++)
        {
            TensorCase tensor = TensorCase.Random(random);
            byte[] payload = tensor.Encode(tensor.RandomOptions(random));
            foreach (byte[] damaged in Mutations.SingleBitFlips(payload).Take(400)) Survives(tensor, damaged);
            foreach (byte[] damaged in Mutations.Random(payload, (ulong)i, 100)) Survives(tensor, damaged);
        }
    }

    // Bytes of ones and zeros drive every decision to one side: the longest unary codes and prefixes there are.
    [Theory]
    [InlineData(0x00)]
    [InlineData(0xFF)]
    [InlineData(0x80)]
    [InlineData(0x55)]
    public void Decode_ConstantBytes_AreBounded(byte value)
    {
        byte[] payload = new byte[4096];
        Array.Fill(payload, value);
        Seeded random = new(13);
        for (int i = 0; i < 100; i++) Survives(TensorCase.Random(random), payload);
    }

    [Fact]
    public void Decode_EndlessRemainder_IsOutOfRange()
    {
        var encoder = new ArithmeticEncoder();
        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = 1, RowLength = 1, GreaterFlagCount = 1 };
        var contexts = new CodingContext[100];
        foreach (ref CodingContext context in contexts.AsSpan()) context.Initialize(0);
        for (int i = 0; i < 3 + 3 + 2 + 31; i++) encoder.EncodeBin(ref contexts[^1], 0);
        encoder.EncodeBin(ref contexts[0], 1);
        encoder.EncodeBin(ref contexts[1], 0);
        encoder.EncodeBin(ref contexts[2], 1);
        for (int i = 0; i < 31; i++) encoder.EncodeBin(ref contexts[3 + i], 1);
        encoder.EncodeBypassBits(0x7FFFFFFF, 31);
        var decoder = new ArithmeticDecoder(encoder.Finish());
        Assert.Equal(LevelDecodingStatus.LevelOutOfRange, LevelDecoder.Decode(ref decoder, syntax, [], [], new int[1]));
    }

    [Fact]
    public void Decode_HistoryWithoutMap_IsSaid()
    {
        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = 4, RowLength = 5, GreaterFlagCount = 4, ParentNodePresent = true };
        var tensor = new TensorCase(syntax, new int[20], [], new byte[20], []);
        var decoder = new ArithmeticDecoder(tensor.Encode(LevelEncoderOptions.Default));
        Assert.Equal(LevelDecodingStatus.HistoryMissing, LevelDecoder.Decode(ref decoder, syntax, [], [], new int[20]));
    }

    [Fact]
    public void Decode_HugeTensorFromFewBytes_StopsEarlyAndAllocatesLittle()
    {
        int[] levels = new int[1 << 24];
        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = 1 << 12, RowLength = 1 << 12, GreaterFlagCount = 256, DependentQuantization = true };
        byte[] payload = new byte[40];
        new Seeded(1).Fill(payload);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var decoder = new ArithmeticDecoder(payload);
        Assert.Equal(LevelDecodingStatus.PayloadTooShort, LevelDecoder.Decode(ref decoder, syntax, [], [], levels));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64_000);
    }

    [Fact]
    public void Decode_LargeTensorOfSkippedRows_TakesFewBytes()
    {
        int[] zeros = new int[3000 * 1000];
        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = 3000, RowLength = 1000, GreaterFlagCount = 10 };
        var sparse = new TensorCase(syntax, zeros, [], [], []);
        byte[] payload = sparse.Encode(LevelEncoderOptions.Default);
        Assert.InRange(payload.Length, 1, 3000 / 8);
        Assert.Equal(zeros, sparse.Decode(payload));
    }

    private static bool Survives(TensorCase tensor, byte[] payload)
    {
        int[] levels = new int[tensor.Levels.Length];
        var decoder = new ArithmeticDecoder(payload);
        return LevelDecoder.Decode(ref decoder, tensor.Syntax, tensor.BaseLevels, tensor.History, levels) == LevelDecodingStatus.Done && decoder.TryFinish();
    }
}
