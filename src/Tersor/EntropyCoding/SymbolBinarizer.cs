namespace Tersor.EntropyCoding;

/// <summary>Turns symbols into bins and chooses their contexts (NNC implementer's text, sections 8.2 and 8.3).</summary>
/// <typeparam name="TSink">Where the bins go.</typeparam>
internal ref struct SymbolBinarizer<TSink> : ISymbolVisitor
    where TSink : struct, IBinSink
{
    private readonly LevelSyntax _syntax;
    private readonly ReadOnlySpan<int> _baseLevels;
    private readonly ReadOnlySpan<byte> _history;
    private readonly int _greaterTemporal;
    private readonly bool _limited;
    private readonly bool _codesSign;
    private TSink _sink;

    /// <summary>The bins of one tensor's symbols; side flags and shift indices are not among them.</summary>
    /// <param name="syntax">Dialect, binarization and codebook.</param>
    /// <param name="baseLevels">Levels of the parent; empty: no temporal contexts.</param>
    /// <param name="history">The history map where history is enabled for this tensor, else empty.</param>
    /// <param name="sink">Receives the bins.</param>
    public SymbolBinarizer(scoped in LevelSyntax syntax, ReadOnlySpan<int> baseLevels, ReadOnlySpan<byte> history, TSink sink)
    {
        _syntax = syntax;
        _baseLevels = baseLevels;
        _history = history;
        _sink = sink;
        _greaterTemporal = new ContextLayout(syntax).GreaterTemporal;
        _limited = syntax.LimitsSymbols;
        _codesSign = !_limited || (syntax.CodebookZero != 0 && syntax.CodebookZero != syntax.CodebookSize - 1);
    }

    /// <inheritdoc/>
    public void EnterBlockRow(int quantizerState) => _sink.EnterBlockRow(quantizerState);

    /// <inheritdoc/>
    public void EnterSample() => _sink.EnterSample();

    /// <inheritdoc/>
    public void Visit(int symbol, SymbolPath path, int position)
    {
        if (_limited && _syntax.CodebookSize == 1) return;
        int baseLevel = _baseLevels.IsEmpty ? 0 : _baseLevels[position];
        uint baseMagnitude = (uint)Math.Abs((long)baseLevel);
        bool history = !_history.IsEmpty && _history[position] != 0;
        int neighbourClass = ContextLayout.NeighbourClass(path.Neighbour);
        int significance = history ? ContextLayout.HistorySignificance + path.State
            : baseLevel != 0 ? ContextLayout.TemporalSignificance + (2 * path.State) + (baseMagnitude > 1 ? 1 : 0)
            : ContextLayout.Significance + (3 * path.State) + neighbourClass;
        _sink.Bin(significance, symbol == 0 ? 0 : 1);
        if (symbol == 0) return;

        int negative = (int)((uint)symbol >> 31);
        if (_codesSign) _sink.Bin(baseLevel == 0 ? ContextLayout.Sign + neighbourClass : ContextLayout.TemporalSign + (baseLevel < 0 ? 0 : 1), negative);

        uint magnitude = (uint)Math.Abs(symbol);
        long largest = !_limited ? long.MaxValue : negative != 0 ? _syntax.CodebookZero : _syntax.CodebookSize - 1 - _syntax.CodebookZero;
        if (largest == 1) return;
        uint reached = 1;
        for (int x = 0; x < _syntax.GreaterFlagCount; x++)
        {
            int greater = baseLevel != 0 ? _greaterTemporal + (2 * x) + (baseMagnitude >= x ? 0 : 1) : ContextLayout.Greater + (2 * x) + negative;
            _sink.Bin(greater, magnitude > reached ? 1 : 0);
            if (magnitude == reached) return;
            if (++reached == largest) return;
        }

        RemainderCode.Write(magnitude, reached, largest, ref _sink);
    }
}
