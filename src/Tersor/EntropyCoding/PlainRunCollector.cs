namespace Tersor.EntropyCoding;

/// <summary>
/// Collects the bins of levels without temporal contexts, history or a codebook's limits. Where the encoder jumps on symbols, this writes every bin that
/// there may be and keeps it or not: it has no arithmetic to hide wrong guesses behind.
/// </summary>
internal readonly struct PlainRunCollector<TRule>(BinHistory history, int flagCount) : ILevelVisitor
    where TRule : struct, IQuantizerRule
{
    private const int PartLength = 2048;

    /// <inheritdoc/>
    public void EnterBlockRow(int quantizerState) => history.AddBorder();

    /// <inheritdoc/>
    public void EnterSample() => history.EnterSample();

    /// <inheritdoc/>
    public void Visit(ReadOnlySpan<int> levels, int start, ref SymbolPath path)
    {
        for (; levels.Length > PartLength; levels = levels[PartLength..]) Collect(levels[..PartLength], ref path);
        Collect(levels, ref path);
    }

    private void Collect(ReadOnlySpan<int> levels, ref SymbolPath path)
    {
        // One more than the bins: what is not kept is written behind the last.
        int room = levels.Length + 1;
        history.Reserve(ContextLayout.Significance, TRule.IsDependent ? 3 * DependentQuantizer.StateCount : 3, room);
        history.Reserve(ContextLayout.Sign, 3, room);
        history.Reserve(ContextLayout.Greater, 2, room);
        BinHistory bins = history;
        int state = path.State;
        int neighbour = ContextLayout.NeighbourClass(path.Neighbour);
        int symbol = path.Neighbour;
        foreach (int level in levels)
        {
            symbol = TRule.IsDependent ? DependentQuantizer.ToSymbol(state, level) : level;
            int isNonzero = symbol != 0 ? 1 : 0;
            int sign = symbol >>> 31;
            uint magnitude = (uint)((symbol ^ -sign) + sign);
            bins.Write(ContextLayout.Significance + neighbour + (TRule.IsDependent ? 3 * state : 0), isNonzero, 1);
            bins.Write(ContextLayout.Sign + neighbour, sign, isNonzero);
            bins.Write(ContextLayout.Greater + sign, magnitude > 1 ? 1 : 0, isNonzero);
            neighbour = (2 * isNonzero) - sign;
            if (TRule.IsDependent) state = DependentQuantizer.NextState(state, symbol);
            if (magnitude > 1) CollectLarge(magnitude, sign);
        }

        path.State = state;
        path.Neighbour = symbol;
    }

    private void CollectLarge(uint magnitude, int sign)
    {
        int flags = (int)Math.Min(magnitude - 1, (uint)flagCount);
        for (int x = 1; x < flags; x++) history.Add(ContextLayout.Greater + (2 * x) + sign, 1);
        if (flags < flagCount)
        {
            history.Add(ContextLayout.Greater + (2 * flags) + sign, 0);
            return;
        }

        var sink = new BinHistorySink(history);
        RemainderCode.Write(magnitude, (uint)flagCount + 1, long.MaxValue, ref sink);
    }
}
