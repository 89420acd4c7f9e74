namespace Tersor.EntropyCoding;

/// <summary>
/// What coding a tensor's symbols costs, in 1/32768 bit, without coding them: from the rates of section 7's contexts. Exact up to the difference between
/// those rates and the coder's widths (about 0.1 %); of large tensors a sample is taken.
/// </summary>
internal sealed class LevelCost
{
    private readonly BinHistory _history;
    private readonly SymbolSample _sample;
    private readonly long[] _costs;
    private readonly bool[] _known;

    private LevelCost(BinHistory history, SymbolSample sample, int contextCount)
    {
        _history = history;
        _sample = sample;
        _costs = new long[contextCount * ContextModel.InitializationCount];
        _known = new bool[contextCount];
    }

    /// <summary>The cost of all bypass bins.</summary>
    public long Bypass => _history.BypassBins(_sample) * RateTable.OneBit;

    /// <summary>Collects the bins of a tensor.</summary>
    /// <param name="syntax">Dialect, matrix view and tools.</param>
    /// <param name="baseLevels">Levels of the parent; empty: no temporal contexts.</param>
    /// <param name="history">The history map where history is enabled for this tensor, else empty.</param>
    /// <param name="skippedRows">1 per row that is skipped; empty where row skipping is off.</param>
    /// <param name="levels">Row-major.</param>
    /// <param name="cancellationToken">Checked every few thousand levels.</param>
    public static LevelCost Collect(
        in LevelSyntax syntax,
        ReadOnlySpan<int> baseLevels,
        ReadOnlySpan<byte> history,
        ReadOnlySpan<byte> skippedRows,
        ReadOnlySpan<int> levels,
        CancellationToken cancellationToken)
    {
        SymbolSample sample = SymbolSample.Of(levels.Length);
        int contextCount = new ContextLayout(syntax).Count;
        var bins = new BinHistory(contextCount);
        if (!baseLevels.IsEmpty || !history.IsEmpty || syntax.LimitsSymbols)
        {
            var binarizer = new SymbolBinarizer<BinHistorySink>(syntax, baseLevels, history, new BinHistorySink(bins));
            var mapping = new SymbolMapping<SymbolBinarizer<BinHistorySink>>(syntax, binarizer);
            LevelWalk.Run(syntax, skippedRows, levels, sample, ref mapping, cancellationToken);
        }
        else if (syntax.DependentQuantization)
        {
            var collector = new PlainRunCollector<DependentRule>(bins, syntax.GreaterFlagCount);
            LevelWalk.Run(syntax, skippedRows, levels, sample, ref collector, cancellationToken);
        }
        else
        {
            var collector = new PlainRunCollector<UniformRule>(bins, syntax.GreaterFlagCount);
            LevelWalk.Run(syntax, skippedRows, levels, sample, ref collector, cancellationToken);
        }

        return new LevelCost(bins, sample, contextCount);
    }

    /// <summary>Wraps bins that were collected elsewhere.</summary>
    public static LevelCost Of(BinHistory history, SymbolSample sample, int contextCount) => new(history, sample, contextCount);

    /// <summary>The cost of flags, one per row, in their adaptive context.</summary>
    public static long OfRowFlags(ReadOnlySpan<byte> skippedRows)
    {
        var context = default(ContextModel);
        context.Initialize(0);
        long cost = 0;
        foreach (byte skipped in skippedRows)
        {
            cost += CoderCost.Of(context, skipped);
            context.Update(skipped);
        }

        return cost;
    }

    /// <summary>What the bins of one context cost under each starting point.</summary>
    /// <param name="context">Position in <see cref="ContextLayout"/>.</param>
    public ReadOnlySpan<long> OfContext(int context)
    {
        Span<long> costs = _costs.AsSpan(context * ContextModel.InitializationCount, ContextModel.InitializationCount);
        if (_known[context]) return costs;
        StartingPointCost.Price(_history, context, _sample, costs);
        _known[context] = true;
        return costs;
    }
}
