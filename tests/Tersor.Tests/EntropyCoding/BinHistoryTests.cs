using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

public class BinHistoryTests
{
    [Fact]
    public void PlainRunCollector_CollectsTheBinsOfTheBinarizer()
    {
        Seeded random = new(31);
        int compared = 0;
        for (int i = 0; i < 300; i++)
        {
            TensorCase tensor = TensorCase.Random(random);
            LevelSyntax syntax = tensor.Syntax with { CodebookSize = 0, CodebookZero = 0 };
            if (syntax.DependentQuantization && (tensor.Syntax.CodebookSize > 0 || tensor.AllowedRowSkippings is [RowSkipping.On])) continue;
            BinHistory expected = Binarize(syntax, tensor.Levels), actual = Collect(syntax, tensor.Levels);
            for (int context = 0; context < new ContextLayout(syntax).Count; context++)
            {
                Assert.True(expected.Prefix(context).SequenceEqual(actual.Prefix(context)), $"case {i}, context {context}");
                compared += expected.Prefix(context).Length;
            }
        }

        Assert.True(compared > 100_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1 << 16)]
    [InlineData((1 << 16) + 1)]
    [InlineData(100_003)]
    [InlineData(1_000_000)]
    [InlineData(int.MaxValue)]
    public void SymbolSample_ShowsAllOrABoundedPart_AndCoversEveryPosition(int length)
    {
        SymbolSample sample = SymbolSample.Of(length);
        long shown = 0, rest = 0;
        long position = 0;
        while (position < length)
        {
            (int run, bool isShown) = sample.At((int)position);
            Assert.True(run > 0);
            run = (int)Math.Min(run, length - position);
            if (isShown) shown += run;
            if (isShown && sample.IsRest((int)position)) rest += run;
            position += run;
        }

        Assert.InRange(shown, Math.Min(length, 1 << 16), 1 << 16);
        Assert.Equal(length - (shown - rest), sample.Scale(rest), 2.0);
    }

    private static BinHistory Collect(LevelSyntax syntax, int[] levels)
    {
        var history = new BinHistory(new ContextLayout(syntax).Count);
        if (syntax.DependentQuantization)
        {
            var collector = new PlainRunCollector<DependentRule>(history, syntax.GreaterFlagCount);
            LevelWalk.Run(syntax, [], levels, SymbolSample.All, ref collector);
        }
        else
        {
            var collector = new PlainRunCollector<UniformRule>(history, syntax.GreaterFlagCount);
            LevelWalk.Run(syntax, [], levels, SymbolSample.All, ref collector);
        }

        return history;
    }

    private static BinHistory Binarize(LevelSyntax syntax, int[] levels)
    {
        var history = new BinHistory(new ContextLayout(syntax).Count);
        var binarizer = new SymbolBinarizer<BinHistorySink>(syntax, [], [], new BinHistorySink(history));
        var mapping = new SymbolMapping<SymbolBinarizer<BinHistorySink>>(syntax, binarizer);
        LevelWalk.Run(syntax, [], levels, SymbolSample.All, ref mapping);
        return history;
    }
}
