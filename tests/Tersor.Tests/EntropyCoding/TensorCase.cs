using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

/// <summary>One tensor's levels with everything that coding them depends on.</summary>
internal sealed record TensorCase(LevelSyntax Syntax, int[] Levels, int[] BaseLevels, byte[] History, RowSkipping[] AllowedRowSkippings)
{
    private static readonly RowSkipping[] RowSkippings = [RowSkipping.Off, RowSkipping.WherePaying, RowSkipping.On];

    public byte[] Encode(LevelEncoderOptions options, List<BlockRowBorder>? borders = null)
    {
        var encoder = new ArithmeticEncoder();
        LevelEncoder.Encode(encoder, Syntax, options, BaseLevels, History, Levels, borders);
        return encoder.Finish().ToArray();
    }

    /// <summary>Encodes with the outcome of a search.</summary>
    public byte[] Encode(LevelSyntaxChoice choice) =>
        (this with { Syntax = choice.Syntax }).Encode(choice.Options);

    public int[] Decode(byte[] payload)
    {
        int[] levels = new int[Levels.Length];
        var decoder = new ArithmeticDecoder(payload);
        Assert.Equal(LevelDecodingStatus.Done, LevelDecoder.Decode(ref decoder, Syntax, BaseLevels, History, levels));
        Assert.True(decoder.TryFinish(), "The end check failed.");
        return levels;
    }

    /// <summary>A tensor of random size, density, magnitude, dialect and tools.</summary>
    public static TensorCase Random(Seeded random)
    {
        NncDialect dialect = random.NextInt(2) == 0 ? NncDialect.EditionTwo : (NncDialect)random.NextInt(3);
        bool second = dialect == NncDialect.EditionTwo;
        int rows = 1 + random.NextInt(random.NextInt(4) == 0 ? 90 : 24), columns = 1 + random.NextInt(random.NextInt(2) == 0 ? 100 : 20);
        bool codebook = random.NextInt(4) == 0;
        bool parent = second && random.NextInt(3) == 0;
        int size = codebook ? 1 + random.NextInt(random.NextInt(2) == 0 ? 4 : 80) : 0;
        var syntax = new LevelSyntax
        {
            Dialect = dialect,
            RowCount = rows,
            RowLength = columns,
            GreaterFlagCount = random.NextInt(3) == 0 ? 1 + random.NextInt(256) : 1 + random.NextInt(12),
            DependentQuantization = random.NextInt(2) == 0,
            ScanOrder = random.NextInt(2) == 0 ? 0 : 1 + Math.Min(random.NextInt(4), random.NextInt(4)),
            CodebookSize = size,
            CodebookZero = codebook ? random.NextInt(size) : 0,
            ParentNodePresent = parent,
        };
        int[] baseLevels = parent && random.NextInt(2) == 0 ? Laplacian(random, rows * columns) : [];
        byte[] history = parent && random.NextInt(2) == 0 ? [.. Laplacian(random, rows * columns).Select(l => l == 0 ? (byte)0 : (byte)1)] : [];
        int[] symbols = Laplacian(random, rows * columns);
        for (int row = 0; row < rows; row++)
        {
            if (random.NextInt(4) == 0) Array.Clear(symbols, row * columns, columns);
        }

        if (codebook)
        {
            for (int i = 0; i < symbols.Length; i++) symbols[i] = Math.Clamp(symbols[i], -syntax.CodebookZero, size - 1 - syntax.CodebookZero);
        }

        // A skipped row moves the quantizer by its whole length once per segment, so in blocks the levels depend on whether rows are skipped.
        if (!syntax.DependentQuantization) return new TensorCase(syntax, symbols, baseLevels, history, RowSkippings);
        bool differs = syntax.BlockSize > 0 && syntax.HasSideFlags && columns % 4 != 0;
        bool skips = differs && random.NextInt(2) == 0;
        return new TensorCase(syntax, ToLevels(syntax, symbols, skips), baseLevels, history, !differs ? RowSkippings : skips ? RowSkippings[2..] : RowSkippings[..2]);
    }

    public LevelEncoderOptions RandomOptions(Seeded random) =>
        new() { RowSkipping = AllowedRowSkippings[random.NextInt(AllowedRowSkippings.Length)], SearchesInitialization = random.NextInt(2) == 0 };

    private static int[] ToLevels(LevelSyntax syntax, int[] symbols, bool skipsRows)
    {
        int[] levels = new int[symbols.Length];
        int state = 0, width = syntax.RowLength;
        foreach ((int row, int column, bool segmentStart, _) in TextDecoder.Order(syntax.RowCount, width, syntax.BlockSize == 0 ? 0 : syntax.ScanOrder, 4 << syntax.ScanOrder))
        {
            if (skipsRows && Array.TrueForAll(symbols[(row * width)..((row + 1) * width)], symbol => symbol == 0))
            {
                for (int i = 0; segmentStart && i < width; i++) state = TextDecoder.NextState[state, 0];
                continue;
            }

            int symbol = symbols[(row * width) + column];
            levels[(row * width) + column] = symbol == 0 ? 0 : (2 * symbol) - (Math.Sign(symbol) * (state & 1));
            state = TextDecoder.NextState[state, Math.Abs(symbol) & 1];
        }

        return levels;
    }

    private static int[] Laplacian(Seeded random, int count)
    {
        int spread = random.NextInt(4) switch { 0 => 1, 1 => 3, 2 => 40, _ => 100_000 };
        int zeros = random.NextInt(10);
        int[] levels = new int[count];
        for (int i = 0; i < count; i++)
        {
            if (random.NextInt(10) < zeros) continue;
            int magnitude = random.NextInt(1 + random.NextInt(spread + 1) + (random.NextInt(50) == 0 ? spread : 0));
            levels[i] = random.NextInt(2) == 0 ? magnitude : -magnitude;
        }

        return levels;
    }
}
