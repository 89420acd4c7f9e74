namespace Tersor.EntropyCoding;

/// <summary>
/// Chooses the number of greater-than flags, the scan order and row skipping of a tensor by what they cost, contexts initialized as well as they can be. The
/// effort is bounded for tensors of any size, and the result depends on nothing but the arguments.
/// </summary>
internal static class LevelSyntaxSearch
{
    // Bins of greater-than flags that are priced in one tensor, unless 16 flags make more.
    private const long FlagBudget = 4_000_000;

    // Smaller tensors are searched sooner than another thread is woken.
    private const int SmallestForThreads = 1 << 16;

    private static readonly ParallelOptions OneThread = new() { MaxDegreeOfParallelism = 1 };

    // Looked at first, and what lies between them. Few flags suit small tensors; many suit those whose magnitudes vary from place to place, as flags learn
    // and the ends of remainders do not.
    private static ReadOnlySpan<short> FlagCounts =>
        [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256];

    /// <summary>Chooses.</summary>
    /// <param name="syntax">Where the search starts; what <paramref name="freedom"/> does not name stays.</param>
    /// <param name="freedom">What may change.</param>
    /// <param name="baseLevels">Levels of the parent; empty: no temporal contexts.</param>
    /// <param name="history">The history map; empty: history stays off.</param>
    /// <param name="levels">Row-major.</param>
    /// <param name="parallel">How many threads look at scan orders side by side, and what stops the search; null for one thread.</param>
    /// <exception cref="ArgumentException">Syntax and lengths do not fit, or a level cannot be coded under this syntax.</exception>
    public static LevelSyntaxChoice Choose(
        in LevelSyntax syntax, LevelSyntaxFreedom freedom, int[] baseLevels, byte[] history, int[] levels, ParallelOptions? parallel = null)
    {
        syntax.Validate(levels.Length, baseLevels.Length, history.Length);
        if (!syntax.HasSideFlags) history = [];
        CancellationToken cancellationToken = parallel?.CancellationToken ?? CancellationToken.None;
        var options = new LevelEncoderOptions { RowSkipping = freedom.RowSkipping, SearchesInitialization = true };
        bool choosesFlags = freedom.GreaterFlagCount && !(syntax.LimitsSymbols && syntax.CodebookSize == 1);
        LevelSyntaxChoice best = choosesFlags
            ? ChooseFlags(syntax, options, baseLevels, history, levels, cancellationToken)
            : Of(syntax, LevelCodingChoice.Make(syntax, options, baseLevels, history, levels, cancellationToken));
        if (syntax.DependentQuantization || syntax.RowLength == 1 || syntax.RowCount == 1 || freedom.LargestScanOrder == 0) return best;
        var choices = new LevelSyntaxChoice[freedom.LargestScanOrder + 1];
        Parallel.For(0, choices.Length, parallel is null || levels.Length < SmallestForThreads ? OneThread : parallel, scanOrder =>
        {
            LevelSyntax candidate = best.Syntax with { ScanOrder = scanOrder };
            choices[scanOrder] = scanOrder == best.Syntax.ScanOrder
                ? best
                : Of(candidate, LevelCodingChoice.Make(candidate, options, baseLevels, history, levels, cancellationToken));
        });
        foreach (LevelSyntaxChoice choice in choices)
        {
            if (choice.Bits < best.Bits) best = choice;
        }

        return best;
    }

    // An entry point takes 8 bits, and two numbers of mostly 20 bits or so between them (section 9.5).
    private static LevelSyntaxChoice Of(in LevelSyntax syntax, LevelCodingChoice coding)
    {
        long entryPointBits = syntax.BlockSize == 0 ? 0 : 28L * ((syntax.RowCount - 1) / syntax.BlockSize);
        return new LevelSyntaxChoice(syntax, coding, entryPointBits + (coding.Cost / (double)RateTable.OneBit));
    }

    private static LevelSyntaxChoice ChooseFlags(
        in LevelSyntax syntax,
        LevelEncoderOptions options,
        ReadOnlySpan<int> baseLevels,
        ReadOnlySpan<byte> history,
        ReadOnlySpan<int> levels,
        CancellationToken cancellationToken)
    {
        // Rows are settled under the given number of flags, which they hardly depend on.
        byte[] skippedRows = LevelCodingChoice.Make(syntax, options with { SearchesInitialization = false }, baseLevels, history, levels, cancellationToken).SkippedRows;
        SymbolSample sample = SymbolSample.Of(levels.Length);
        var mapping = new SymbolMapping<LargeSymbols>(syntax, new LargeSymbols([]));
        LevelWalk.Run(syntax, skippedRows, levels, sample, ref mapping, cancellationToken);
        LargeSymbols large = mapping.Visitor;
        LevelSyntax given = syntax;
        LevelSyntax widest = syntax with { GreaterFlagCount = Math.Max(WidestFlagCount(large.Symbols), syntax.GreaterFlagCount) };
        LevelCost flags = LevelCost.Collect(widest, baseLevels, history, skippedRows, levels, cancellationToken);
        bool temporal = !baseLevels.IsEmpty, usesHistory = !history.IsEmpty;
        var prices = new Dictionary<int, LevelSyntaxChoice>();
        LevelSyntaxChoice best = Price(syntax.GreaterFlagCount);

        // The list holds four numbers per octave from 4 on: the octaves first, then half-way to both sides of the best, then quarters.
        for (int flagCount = 1; flagCount <= widest.GreaterFlagCount; flagCount *= 2) Try(flagCount);
        for (int distance = 2; distance > 0; distance--)
        {
            int index = IndexOf(best.Syntax.GreaterFlagCount);
            if (index >= distance) Try(FlagCounts[index - distance]);
            if (index + distance < FlagCounts.Length) Try(FlagCounts[index + distance]);
        }

        return best;

        void Try(int flagCount)
        {
            if (flagCount > widest.GreaterFlagCount) return;
            LevelSyntaxChoice choice = Price(flagCount);
            if (choice.Bits < best.Bits) best = choice;
        }

        LevelSyntaxChoice Price(int flagCount)
        {
            if (prices.TryGetValue(flagCount, out LevelSyntaxChoice known)) return known;
            LevelSyntax candidate = given with { GreaterFlagCount = flagCount };
            LevelCost remainders = RemainderCost(candidate, large, sample);
            long[] costs = ContextCosts(candidate, widest, flags, remainders, temporal, usesHistory);
            LevelSyntaxChoice choice = Of(candidate, LevelCodingChoice.OfCosts(skippedRows, costs, remainders.Bypass));
            prices.Add(flagCount, choice);
            return choice;
        }
    }

    // Of the nearest number in the list that is not larger.
    private static int IndexOf(int flagCount)
    {
        int index = FlagCounts.BinarySearch((short)flagCount);
        return index >= 0 ? index : ~index - 1;
    }

    /// <summary>The largest number of flags worth a look: none beyond the largest magnitude is ever coded.</summary>
    private static int WidestFlagCount(List<int> symbols)
    {
        var counts = new int[FlagCounts[^1] + 1];
        int largest = 1;
        foreach (int symbol in symbols)
        {
            int magnitude = Math.Min(Math.Abs(symbol), counts.Length - 1);
            counts[magnitude]++;
            largest = Math.Max(largest, magnitude);
        }

        long beyond = symbols.Count - counts[0];
        long bins = 0;
        int flags = 1;
        for (; flags < largest; flags++)
        {
            beyond -= counts[flags];
            bins += beyond;
            if (bins > FlagBudget && flags >= 16) break;
        }

        return flags;
    }

    /// <summary>The costs of all contexts with a shift index, in the order of sending.</summary>
    private static long[] ContextCosts(in LevelSyntax syntax, in LevelSyntax widest, LevelCost flags, LevelCost remainders, bool temporal, bool history)
    {
        var layout = new ContextLayout(syntax);
        int temporalOffset = new ContextLayout(widest).GreaterTemporal - layout.GreaterTemporal;
        short[] order = layout.ListShiftIndices(temporal, history);
        long[] costs = new long[order.Length * ContextModel.InitializationCount];
        for (int i = 0; i < order.Length; i++)
        {
            int context = order[i];
            bool isRemainder = context is >= ContextLayout.Remainder and < ContextLayout.Remainder + ContextLayout.RemainderCount;
            ReadOnlySpan<long> prices = isRemainder ? remainders.OfContext(context)
                : flags.OfContext(context >= layout.GreaterTemporal ? context + temporalOffset : context);
            prices.CopyTo(costs.AsSpan(i * ContextModel.InitializationCount));
        }

        return costs;
    }

    private static LevelCost RemainderCost(in LevelSyntax syntax, LargeSymbols large, SymbolSample sample)
    {
        int contextCount = ContextLayout.Remainder + ContextLayout.RemainderCount;
        var bins = new BinHistory(contextCount);
        var sink = new BinHistorySink(bins);
        for (int i = 0; i < large.Symbols.Count; i++)
        {
            if (i == large.SampleStart) bins.EnterSample();
            int symbol = large.Symbols[i];
            uint magnitude = (uint)Math.Abs(symbol);
            uint reached = (uint)syntax.GreaterFlagCount + 1;
            long largest = !syntax.LimitsSymbols ? long.MaxValue : symbol < 0 ? syntax.CodebookZero : syntax.CodebookSize - 1 - syntax.CodebookZero;
            if (symbol == 0) bins.AddBorder();
            else if (magnitude >= reached && reached < largest) RemainderCode.Write(magnitude, reached, largest, ref sink);
        }

        return LevelCost.Of(bins, sample, contextCount);
    }

    /// <summary>Collects the symbols that greater-than flags and remainders are coded for; 0 stands for a border of block rows.</summary>
    private struct LargeSymbols(List<int> symbols) : ISymbolVisitor
    {
        public readonly List<int> Symbols => symbols;

        /// <summary>Where in the list sampling begins; negative: nowhere.</summary>
        public int SampleStart { get; private set; } = -1;

        public readonly void Visit(int symbol, SymbolPath path, int position)
        {
            if (symbol is < -1 or > 1) symbols.Add(symbol);
        }

        public readonly void EnterBlockRow(int quantizerState) => symbols.Add(0);

        public void EnterSample() => SampleStart = symbols.Count;
    }
}
