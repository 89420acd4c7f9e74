namespace Tersor.EntropyCoding;

/// <summary>
/// Chooses the number of greater-than flags, the scan order and row skipping of a tensor by what they cost, contexts initialized as well as they can be. The
/// effort is bounded for tensors of any size, and the result depends on nothing but the arguments.
/// </summary>
internal static class LevelSyntaxSearch
{
    // Bins of greater-than flags that are looked at in one tensor.
    private const long FlagBudget = 4_000_000;

    // Candidates whose shift indices are chosen in full.
    private const int Finalists = 3;

    private static ReadOnlySpan<short> FlagCounts => [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 160, 192, 224, 256];

    /// <summary>Chooses.</summary>
    /// <param name="syntax">Where the search starts; what <paramref name="freedom"/> does not name stays.</param>
    /// <param name="freedom">What may change.</param>
    /// <param name="baseLevels">Levels of the parent; empty: no temporal contexts.</param>
    /// <param name="history">The history map; empty: history stays off.</param>
    /// <param name="levels">Row-major.</param>
    /// <exception cref="ArgumentException">Syntax and lengths do not fit, or a level cannot be coded under this syntax.</exception>
    public static LevelSyntaxChoice Choose(
        in LevelSyntax syntax, LevelSyntaxFreedom freedom, ReadOnlySpan<int> baseLevels, ReadOnlySpan<byte> history, ReadOnlySpan<int> levels)
    {
        syntax.Validate(levels.Length, baseLevels.Length, history.Length);
        if (!syntax.HasSideFlags) history = default;
        LevelSyntaxChoice best = ChooseFlags(syntax, freedom, baseLevels, history, levels);
        if (syntax.DependentQuantization || syntax.RowLength == 1 || syntax.RowCount == 1) return best;
        for (int scanOrder = 0; scanOrder <= freedom.LargestScanOrder && freedom.LargestScanOrder > 0; scanOrder++)
        {
            if (scanOrder == syntax.ScanOrder) continue;
            LevelSyntax other = best.Syntax with { ScanOrder = scanOrder };
            var options = new LevelEncoderOptions { RowSkipping = freedom.RowSkipping, SearchesInitialization = true };
            LevelCodingChoice choice = LevelCodingChoice.Make(other, options, baseLevels, history, levels);
            double bits = ToBits(choice.Cost + EntryPointCost(other));
            if (bits < best.Bits) best = new LevelSyntaxChoice(other, choice.SkippedRows.Length > 0 ? RowSkipping.On : RowSkipping.Off, bits);
        }

        return best;
    }

    private static double ToBits(long cost) => cost / (double)RateTable.OneBit;

    // An entry point takes 8 bits, and two numbers of mostly 20 bits or so between them (section 9.5).
    private static long EntryPointCost(in LevelSyntax syntax) =>
        syntax.BlockSize == 0 ? 0 : 28L * RateTable.OneBit * ((syntax.RowCount - 1) / syntax.BlockSize);

    private static LevelSyntaxChoice ChooseFlags(
        in LevelSyntax syntax, LevelSyntaxFreedom freedom, ReadOnlySpan<int> baseLevels, ReadOnlySpan<byte> history, ReadOnlySpan<int> levels)
    {
        // Rows are settled under the given number of flags, which they hardly depend on.
        var options = new LevelEncoderOptions { RowSkipping = freedom.RowSkipping, SearchesInitialization = true };
        LevelCodingChoice rows = LevelCodingChoice.Make(syntax, options, baseLevels, history, levels);
        RowSkipping rowSkipping = rows.SkippedRows.Length > 0 ? RowSkipping.On : RowSkipping.Off;
        var best = new LevelSyntaxChoice(syntax, rowSkipping, ToBits(rows.Cost + EntryPointCost(syntax)));
        if (!freedom.GreaterFlagCount || (syntax.LimitsSymbols && syntax.CodebookSize == 1)) return best;

        SymbolSample sample = SymbolSample.Of(levels.Length);
        var large = new LargeSymbols([]);
        new SymbolScan<LargeSymbols>(syntax, rows.SkippedRows).Run(levels, sample, ref large);
        LevelSyntax widest = syntax with { GreaterFlagCount = WidestFlagCount(large.Symbols) };
        LevelCost cost = LevelCost.Collect(widest, baseLevels, history, rows.SkippedRows, levels);
        long rest = LevelCost.OfRowFlags(rows.SkippedRows) + EntryPointCost(syntax);
        Span<Candidate> candidates = new Candidate[FlagCounts.Length];
        int count = 0;
        foreach (short flagCount in FlagCounts)
        {
            if (flagCount > widest.GreaterFlagCount) break;
            long[] costs = ContextCosts(syntax with { GreaterFlagCount = flagCount }, widest, large, sample, cost, !baseLevels.IsEmpty, !history.IsEmpty, out long bypass);
            candidates[count++] = new Candidate(flagCount, costs, bypass, bypass + ShiftIndexChoice.Estimate(costs));
        }

        candidates = candidates[..count];
        candidates.Sort(static (a, b) => a.Estimate != b.Estimate ? a.Estimate.CompareTo(b.Estimate) : a.FlagCount.CompareTo(b.FlagCount));
        foreach (Candidate candidate in candidates[..Math.Min(count, Finalists)])
        {
            byte[] indices = new byte[candidate.Costs.Length / ContextModel.InitializationCount];
            double bits = ToBits(rest + candidate.Bypass + ShiftIndexChoice.Choose(candidate.Costs, indices));
            if (bits < best.Bits) best = new LevelSyntaxChoice(syntax with { GreaterFlagCount = candidate.FlagCount }, rowSkipping, bits);
        }

        return best;
    }

    /// <summary>The largest number of flags worth a look: none beyond the largest magnitude is ever coded.</summary>
    private static int WidestFlagCount(List<int> symbols)
    {
        var counts = new int[FlagCounts[^1] + 2];
        int largest = 1;
        foreach (int symbol in symbols)
        {
            int magnitude = Math.Min(Math.Abs(symbol), counts.Length - 1);
            counts[magnitude]++;
            largest = Math.Max(largest, magnitude);
        }

        largest = Math.Min(largest, FlagCounts[^1]);
        long remaining = symbols.Count;
        long spent = 0;
        int flags = 1;
        for (; flags < largest; flags++)
        {
            remaining -= counts[flags];
            spent += remaining;
            if (spent > FlagBudget && flags >= 16) break;
        }

        return flags;
    }

    /// <summary>The costs of all contexts with a shift index, in the order of sending, under some number of flags.</summary>
    private static long[] ContextCosts(
        in LevelSyntax syntax, in LevelSyntax widest, LargeSymbols large, SymbolSample sample, LevelCost flags, bool temporal, bool history, out long bypass)
    {
        LevelCost remainders = RemainderCost(syntax, large, sample);
        var layout = new ContextLayout(syntax);
        int temporalOffset = new ContextLayout(widest).GreaterTemporal - layout.GreaterTemporal;
        Span<short> order = stackalloc short[layout.Count];
        order = order[..layout.ListShiftIndices(temporal, history, order)];
        long[] costs = new long[order.Length * ContextModel.InitializationCount];
        for (int i = 0; i < order.Length; i++)
        {
            int context = order[i];
            bool isRemainder = context is >= ContextLayout.Remainder and < ContextLayout.Remainder + ContextLayout.RemainderCount;
            ReadOnlySpan<long> prices = isRemainder ? remainders.OfContext(context)
                : flags.OfContext(context >= layout.GreaterTemporal ? context + temporalOffset : context);
            prices.CopyTo(costs.AsSpan(i * ContextModel.InitializationCount));
        }

        bypass = remainders.Bypass;
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

    private readonly record struct Candidate(int FlagCount, long[] Costs, long Bypass, long Estimate);

    /// <summary>Collects the symbols that greater-than flags and remainders are coded for; 0 stands for a border of block rows.</summary>
    private struct LargeSymbols(List<int> symbols) : ISymbolVisitor
    {
        public readonly List<int> Symbols => symbols;

        /// <summary>Where in the list sampling begins; negative: nowhere.</summary>
        public int SampleStart { get; private set; } = -1;

        public readonly void Visit(int symbol, int neighbour, int quantizerState, int position)
        {
            if (Math.Abs(symbol) > 1) symbols.Add(symbol);
        }

        public readonly void EnterBlockRow(int quantizerState) => symbols.Add(0);

        public void EnterSample() => SampleStart = symbols.Count;
    }
}
