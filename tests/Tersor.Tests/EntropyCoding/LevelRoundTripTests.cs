using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

public class LevelRoundTripTests
{
    private const int Cases = 600;

    [Fact]
    public void StateAfter_OfVectorsAndScalars_Agree()
    {
        Seeded random = new(9);
        int[] levels = [.. Enumerable.Range(0, 300).Select(_ => random.NextInt(3) == 0 ? 0 : random.NextInt(41) - 20), int.MaxValue, -int.MaxValue, int.MinValue];
        for (int length = 0; length <= levels.Length; length++)
        {
            for (int state = 0; state < DependentQuantizer.StateCount; state++)
                Assert.Equal(DependentQuantizer.StateAfterScalar(state, levels.AsSpan(0, length)), DependentQuantizer.StateAfter(state, levels.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Decode_OfEncode_IsTheSame_ForAllDialectsScansAndTools()
    {
        Seeded random = new(20240611);
        for (int i = 0; i < Cases; i++)
        {
            TensorCase tensor = TensorCase.Random(random);
            LevelEncoderOptions options = tensor.RandomOptions(random);
            byte[] payload = tensor.Encode(options);
            Assert.Equal(tensor.Levels, tensor.Decode(payload));
        }
    }

    [Fact]
    public void Decode_AgreesWithTheTextsDecoder_AndEntryPointsToo()
    {
        Seeded random = new(99);
        int borderCount = 0;
        for (int i = 0; i < Cases; i++)
        {
            TensorCase tensor = TensorCase.Random(random);
            List<BlockRowBorder> borders = [];
            byte[] payload = tensor.Encode(tensor.RandomOptions(random), borders);
            var text = new TextDecoder(payload);
            Assert.Equal(tensor.Levels, text.Tensor(tensor.Syntax, tensor.BaseLevels, tensor.History));
            Assert.True(text.Finish());
            Assert.Equal(text.EntryPoints, borders.Select(border => border.ToEntryPoint(payload)));
            borderCount += borders.Count;
        }

        Assert.True(borderCount > 100);
    }

    [Fact]
    public void Encode_Twice_GivesTheSameBytes()
    {
        Seeded random = new(5);
        for (int i = 0; i < 50; i++)
        {
            TensorCase tensor = TensorCase.Random(random);
            LevelEncoderOptions options = tensor.RandomOptions(random);
            Assert.Equal(tensor.Encode(options), tensor.Encode(options));
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-int.MaxValue)]
    [InlineData(1 << 30)]
    [InlineData(-2)]
    public void Encode_ExtremeLevels_ComeBack(int extreme)
    {
        foreach (bool dependent in (bool[])[false, true])
        {
            foreach (NncDialect dialect in Enum.GetValues<NncDialect>())
            {
                // From state 0 only even levels can be said; the odd extremes follow an odd symbol, which leads to state 2, and a zero, to state 1.
                int[] levels = !dependent ? [extreme, 0, extreme] : extreme % 2 == 0 ? [extreme] : [2, 0, extreme];
                var syntax = new LevelSyntax { Dialect = dialect, RowCount = levels.Length, RowLength = 1, GreaterFlagCount = 3, DependentQuantization = dependent };
                var tensor = new TensorCase(syntax, levels, [], [], []);
                Assert.Equal(levels, tensor.Decode(tensor.Encode(LevelEncoderOptions.Default)));
            }
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 7)]
    [InlineData(5, 0)]
    public void Encode_EmptyTensor_ComesBack(int rows, int columns)
    {
        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = rows, RowLength = columns, GreaterFlagCount = 10 };
        var tensor = new TensorCase(syntax, [], [], [], []);
        Assert.Empty(tensor.Decode(tensor.Encode(LevelEncoderOptions.Default)));
    }

    [Fact]
    public void Encode_SearchedInitialization_IsSmaller_OnSkewedLevels()
    {
        Seeded random = new(3);
        int[] levels = new int[3000];
        for (int i = 0; i < levels.Length; i++) levels[i] = random.NextInt(12) == 0 ? 1 + random.NextInt(2) : 0;
        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = 30, RowLength = 100, GreaterFlagCount = 10 };
        var tensor = new TensorCase(syntax, levels, [], [], []);
        int plain = tensor.Encode(new LevelEncoderOptions()).Length;
        int searched = tensor.Encode(new LevelEncoderOptions { SearchesInitialization = true }).Length;
        Assert.True(searched < plain, $"{searched} against {plain}");
    }

    [Fact]
    public void Encode_ZeroRows_AreSkippedWherePaying()
    {
        int[] levels = new int[200 * 50];
        for (int i = 0; i < 50; i++) levels[(3 * 50) + i] = (i % 7) - 3;
        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = 200, RowLength = 50, GreaterFlagCount = 4 };
        var tensor = new TensorCase(syntax, levels, [], [], []);
        int off = tensor.Encode(new LevelEncoderOptions { RowSkipping = RowSkipping.Off }).Length;
        int paying = tensor.Encode(new LevelEncoderOptions()).Length;
        Assert.True(paying < off, $"{paying} against {off}");
    }

    [Fact]
    public void Encode_WhatCannotBeSaid_IsTheCallersError()
    {
        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = 2, RowLength = 2, GreaterFlagCount = 4 };
        LevelEncoderOptions options = default;
        Assert.Throws<ArgumentException>(() => Encode(syntax, [0, 1, 2]));
        Assert.Throws<ArgumentException>(() => Encode(syntax, [int.MinValue, 0, 0, 0]));
        Assert.Throws<ArgumentException>(() => Encode(syntax with { DependentQuantization = true }, [1, 0, 0, 0]));
        Assert.Throws<ArgumentException>(() => Encode(syntax with { CodebookSize = 3, CodebookZero = 1 }, [0, 2, 0, 0]));
        Assert.Throws<ArgumentException>(() => Encode(syntax with { CodebookSize = 3, CodebookZero = 3 }, [0, 0, 0, 0]));
        Assert.Throws<ArgumentException>(() => Encode(syntax with { GreaterFlagCount = 0 }, [0, 0, 0, 0]));
        Assert.Throws<ArgumentException>(() => Encode(syntax with { GreaterFlagCount = 257 }, [0, 0, 0, 0]));
        Assert.Throws<ArgumentException>(() => Encode(syntax with { ScanOrder = 5 }, [0, 0, 0, 0]));

        void Encode(LevelSyntax chosen, int[] levels) => LevelEncoder.Encode(new ArithmeticEncoder(), chosen, options, [], [], levels);
    }
}
