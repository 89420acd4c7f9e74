using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

public class LevelSyntaxSearchTests
{
    private static readonly LevelSyntaxFreedom All = new() { GreaterFlagCount = true, LargestScanOrder = 4 };

    [Theory]
    [InlineData(120, 100, 1f, false)]
    [InlineData(500, 9, 0.4f, false)]
    [InlineData(64, 300, 3f, true)]
    [InlineData(40, 50, 200f, false)]
    [InlineData(600, 700, 1.3f, false)]
    [InlineData(700, 600, 0.5f, true)]
    public void Choose_EstimatesWhatEncodingThenTakes(int rows, int columns, float deviation, bool dependent)
    {
        TensorCase tensor = Gaussian(rows, columns, deviation, dependent, 17);
        LevelSyntaxChoice choice = LevelSyntaxSearch.Choose(tensor.Syntax, All, [], [], tensor.Levels);
        int bytes = Encoded(tensor, choice);
        Assert.InRange(choice.Bits / 8, (0.99 * bytes) - 3, (1.01 * bytes) + 3);
    }

    [Fact]
    public void Choose_IsNeverWorseThanWhereItStarted()
    {
        Seeded random = new(21);
        for (int i = 0; i < 150; i++)
        {
            TensorCase tensor = TensorCase.Random(random);
            LevelSyntaxFreedom freedom = All with { RowSkipping = tensor.AllowedRowSkippings[0] };
            LevelSyntaxChoice choice = LevelSyntaxSearch.Choose(tensor.Syntax, freedom, tensor.BaseLevels, tensor.History, tensor.Levels);
            int start = tensor.Encode(LevelEncoderOptions.Default with { RowSkipping = freedom.RowSkipping }).Length;
            int bytes = Encoded(tensor, choice);

            // Estimates are about 0.1 % exact, and a codeword ends on a byte.
            Assert.True(bytes <= (start * 1.003) + 1, $"case {i}: {bytes} bytes, {start} before.");
            Assert.Equal(tensor.Levels, (tensor with { Syntax = choice.Syntax }).Decode(tensor.Encode(choice)));
        }
    }

    [Fact]
    public void Choose_SmallLevels_TakeFewFlags_AndLargeOnesDoNotTakeHundreds()
    {
        TensorCase small = Gaussian(100, 20, 0.5f, false, 1);
        Assert.InRange(LevelSyntaxSearch.Choose(small.Syntax, All, [], [], small.Levels).Syntax.GreaterFlagCount, 1, 4);
        TensorCase large = Gaussian(64, 1, 5000, false, 1);
        Assert.InRange(LevelSyntaxSearch.Choose(large.Syntax, All, [], [], large.Levels).Syntax.GreaterFlagCount, 1, 3);
    }

    [Fact]
    public void Choose_LevelsThatClusterInBlocks_TakeABlockScan()
    {
        Seeded random = new(4);
        int[] levels = new int[8 * 4000];
        for (int block = 0; block < 500; block++)
        {
            if (random.NextInt(2) == 0) continue;
            for (int i = 0; i < 64; i++) levels[((i / 8) * 4000) + (block * 8) + (i % 8)] = 1 + random.NextInt(2);
        }

        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = 8, RowLength = 4000, GreaterFlagCount = 10 };
        var tensor = new TensorCase(syntax, levels, [], [], []);
        LevelSyntaxChoice choice = LevelSyntaxSearch.Choose(syntax, All, [], [], levels);
        Assert.Equal(1, choice.Syntax.ScanOrder);
        Assert.True(Encoded(tensor, choice) < tensor.Encode(LevelEncoderOptions.Default).Length * 0.95);
        Assert.Equal(0, LevelSyntaxSearch.Choose(syntax, All with { LargestScanOrder = 0 }, [], [], levels).Syntax.ScanOrder);
    }

    [Fact]
    public void Choose_FewFreedoms_ChangesNothingElse()
    {
        TensorCase tensor = Gaussian(30, 30, 1, true, 8);
        LevelSyntaxChoice choice = LevelSyntaxSearch.Choose(tensor.Syntax, default, [], [], tensor.Levels);
        Assert.Equal(tensor.Syntax, choice.Syntax);
        Assert.Equal(RowSkipping.Off, choice.RowSkipping);
        Assert.Equal(choice.Bits, LevelSyntaxSearch.Choose(tensor.Syntax, default, [], [], tensor.Levels).Bits);
    }

    [Fact]
    public void Choose_HugeTensor_TakesBoundedMemory()
    {
        TensorCase tensor = Gaussian(2000, 1000, 300, false, 5);
        long before = GC.GetAllocatedBytesForCurrentThread();
        LevelSyntaxSearch.Choose(tensor.Syntax, new LevelSyntaxFreedom { GreaterFlagCount = true }, [], [], tensor.Levels);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000_000);
    }

    private static int Encoded(TensorCase tensor, LevelSyntaxChoice choice) => tensor.Encode(choice).Length;

    private static TensorCase Gaussian(int rows, int columns, float deviation, bool dependent, ulong seed)
    {
        Seeded random = new(seed);
        int[] levels = new int[rows * columns];
        int state = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            int symbol = (int)MathF.Round(random.NextGaussian() * deviation);
            levels[i] = dependent && symbol != 0 ? (2 * symbol) - (Math.Sign(symbol) * (state & 1)) : symbol;
            if (dependent) state = TextDecoder.NextState[state, Math.Abs(symbol) & 1];
        }

        var syntax = new LevelSyntax { Dialect = NncDialect.EditionTwo, RowCount = rows, RowLength = columns, GreaterFlagCount = 11, DependentQuantization = dependent };
        return new TensorCase(syntax, levels, [], [], []);
    }
}
