namespace Tersor.EntropyCoding;

/// <summary>Turns the levels of a tensor into bins, in the order they are coded in (NNC implementer's text, sections 8.2, 8.3 and 9).</summary>
/// <typeparam name="TSink">Where the bins go.</typeparam>
internal ref struct LevelBinarizer<TSink>
    where TSink : struct, IBinSink
{
    private readonly LevelSyntax _syntax;
    private readonly ReadOnlySpan<int> _baseLevels;
    private readonly ReadOnlySpan<byte> _history;
    private readonly ReadOnlySpan<byte> _skippedRows;
    private readonly int _greaterTemporal;
    private int _neighbour;
    private int _state;

    /// <summary>The bins of one tensor's symbols; side flags and shift indices are not among them.</summary>
    /// <param name="syntax">Dialect, matrix view and tools.</param>
    /// <param name="baseLevels">Levels of the parent; empty: no temporal contexts.</param>
    /// <param name="history">The history map where history is enabled for this tensor, else empty.</param>
    /// <param name="skippedRows">1 per row that is skipped; empty where row skipping is off.</param>
    public LevelBinarizer(scoped in LevelSyntax syntax, ReadOnlySpan<int> baseLevels, ReadOnlySpan<byte> history, ReadOnlySpan<byte> skippedRows)
    {
        _syntax = syntax;
        _baseLevels = baseLevels;
        _history = history;
        _skippedRows = skippedRows;
        _greaterTemporal = new ContextLayout(syntax).GreaterTemporal;
    }

    /// <summary>Sends all bins to the sink.</summary>
    /// <param name="levels">Row-major.</param>
    /// <param name="sink">Receives the bins.</param>
    /// <exception cref="ArgumentException">A level cannot be coded: it is outside the codebook, or the quantizer's state does not have it.</exception>
    public void Run(scoped ReadOnlySpan<int> levels, scoped ref TSink sink)
    {
        sink.EnterFirstBlockRow(_syntax.RestartsRange);
        int rowLength = _syntax.RowLength;
        int blockSize = _syntax.BlockSize;
        if (blockSize == 0 && _skippedRows.IsEmpty)
        {
            RunSegment(levels, 0, ref sink);
            return;
        }

        int blockHeight = blockSize == 0 ? _syntax.RowCount : blockSize;
        int blockWidth = blockSize == 0 ? rowLength : blockSize;
        for (int top = 0; top < _syntax.RowCount; top += blockHeight)
        {
            if (top > 0)
            {
                _neighbour = 0;
                sink.EnterBlockRow(_state);
            }

            int bottom = Math.Min(top + blockHeight, _syntax.RowCount);
            for (int left = 0; left < rowLength; left += blockWidth)
            {
                int width = Math.Min(blockWidth, rowLength - left);
                for (int row = top; row < bottom; row++)
                {
                    int start = (row * rowLength) + left;
                    if (_skippedRows.IsEmpty || _skippedRows[row] == 0) RunSegment(levels.Slice(start, width), start, ref sink);
                    else if (_syntax.DependentQuantization) _state = DependentQuantizer.SkipZeros(_state, rowLength);
                }
            }
        }
    }

    private void RunSegment(scoped ReadOnlySpan<int> levels, int start, scoped ref TSink sink)
    {
        for (int i = 0; i < levels.Length; i++)
        {
            int symbol = levels[i];
            if (symbol == int.MinValue) ThrowUncodable(start + i, symbol);
            if (_syntax.DependentQuantization)
            {
                if (!DependentQuantizer.CanExpress(_state, symbol)) ThrowUncodable(start + i, symbol);
                symbol = DependentQuantizer.ToSymbol(_state, symbol);
            }

            if (_syntax.LimitsSymbols && (uint)(symbol + _syntax.CodebookZero) >= (uint)_syntax.CodebookSize) ThrowUncodable(start + i, symbol);
            Symbol(symbol, start + i, ref sink);
            _neighbour = symbol;
            if (_syntax.DependentQuantization) _state = DependentQuantizer.NextState(_state, symbol);
        }
    }

    private readonly void Symbol(int symbol, int position, scoped ref TSink sink)
    {
        bool limited = _syntax.LimitsSymbols;
        if (limited && _syntax.CodebookSize == 1) return;
        int baseLevel = _baseLevels.IsEmpty ? 0 : _baseLevels[position];
        uint baseMagnitude = (uint)Math.Abs((long)baseLevel);
        bool history = !_history.IsEmpty && _history[position] != 0;
        int neighbourClass = ContextLayout.NeighbourClass(_neighbour);
        int significance = history ? ContextLayout.HistorySignificance + _state
            : baseLevel != 0 ? ContextLayout.TemporalSignificance + (2 * _state) + (baseMagnitude > 1 ? 1 : 0)
            : ContextLayout.Significance + (3 * _state) + neighbourClass;
        sink.Bin(significance, symbol == 0 ? 0 : 1);
        if (symbol == 0) return;

        int negative = symbol < 0 ? 1 : 0;
        if (!limited || (_syntax.CodebookZero != 0 && _syntax.CodebookZero != _syntax.CodebookSize - 1))
        {
            sink.Bin(baseLevel == 0 ? ContextLayout.Sign + neighbourClass : ContextLayout.TemporalSign + (baseLevel < 0 ? 0 : 1), negative);
        }

        uint magnitude = (uint)Math.Abs(symbol);
        long largest = !limited ? long.MaxValue : negative != 0 ? _syntax.CodebookZero : _syntax.CodebookSize - 1 - _syntax.CodebookZero;
        if (largest == 1) return;
        uint reached = 1;
        for (int x = 0; x < _syntax.GreaterFlagCount; x++)
        {
            int greater = baseLevel != 0 ? _greaterTemporal + (2 * x) + (baseMagnitude >= x ? 0 : 1) : ContextLayout.Greater + (2 * x) + negative;
            sink.Bin(greater, magnitude > reached ? 1 : 0);
            if (magnitude == reached) return;
            if (++reached == largest) return;
        }

        Remainder(magnitude, reached, largest, ref sink);
    }

    private static void Remainder(uint magnitude, uint reached, long largest, scoped ref TSink sink)
    {
        int exponent = 0;
        while (reached + (1L << exponent) <= largest)
        {
            int more = magnitude >= reached + (1L << exponent) ? 1 : 0;
            sink.Bin(ContextLayout.Remainder + exponent, more);
            if (more == 0) break;
            reached += 1u << exponent;
            exponent++;
        }

        sink.Bypass(magnitude - reached, exponent);
    }

    private static void ThrowUncodable(int position, int level) =>
        throw new ArgumentException($"The level or symbol {level} at position {position} cannot be coded: it is outside the codebook, or the dependent quantizer's state does not have it.");
}
