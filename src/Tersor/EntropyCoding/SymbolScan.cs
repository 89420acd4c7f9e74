namespace Tersor.EntropyCoding;

/// <summary>Turns the levels of a tensor into symbols (NNC implementer's text, section 9): scan order, row skipping, dependent quantization.</summary>
/// <typeparam name="TVisitor">What looks at the symbols.</typeparam>
internal ref struct SymbolScan<TVisitor>
    where TVisitor : struct, ISymbolVisitor, allows ref struct
{
    private readonly LevelSyntax _syntax;
    private readonly ReadOnlySpan<byte> _skippedRows;
    private int _neighbour;
    private int _state;

    /// <summary>A walk over one tensor.</summary>
    /// <param name="syntax">Matrix view, scan order, quantizer.</param>
    /// <param name="skippedRows">1 per row that is skipped; empty where row skipping is off.</param>
    public SymbolScan(scoped in LevelSyntax syntax, ReadOnlySpan<byte> skippedRows)
    {
        _syntax = syntax;
        _skippedRows = skippedRows;
    }

    /// <summary>Shows the symbols to the visitor.</summary>
    /// <param name="levels">Row-major.</param>
    /// <param name="sample">Which symbols.</param>
    /// <param name="visitor">Sees them.</param>
    /// <exception cref="ArgumentException">A level cannot be coded: it is outside the codebook, or the quantizer's state does not have it.</exception>
    public void Run(scoped ReadOnlySpan<int> levels, SymbolSample sample, scoped ref TVisitor visitor)
    {
        var scan = new LevelScan(_syntax, _skippedRows);
        int position = 0;
        bool sampling = false;
        while (scan.MoveNext())
        {
            if (scan.EntersBlockRow)
            {
                _neighbour = 0;
                visitor.EnterBlockRow(_state);
            }

            if (scan.IsSkipped)
            {
                if (_syntax.DependentQuantization) _state = DependentQuantizer.SkipZeros(_state, _syntax.RowLength);
                position += scan.Length;
                continue;
            }

            for (int start = scan.Start, end = scan.Start + scan.Length; start < end;)
            {
                (int length, bool isShown) = sample.At(position);
                length = Math.Min(length, end - start);
                if (!sampling && sample.IsRest(position))
                {
                    sampling = true;
                    visitor.EnterSample();
                }

                ReadOnlySpan<int> piece = levels.Slice(start, length);
                if (isShown) Show(piece, start, ref visitor);
                else Pass(piece);
                start += length;
                position += length;
            }
        }
    }

    private static void ThrowUncodable(int position, int level) =>
        throw new ArgumentException($"The level or symbol {level} at position {position} cannot be coded: it is outside the codebook, or the dependent quantizer's state does not have it.");

    private void Show(scoped ReadOnlySpan<int> levels, int start, scoped ref TVisitor visitor)
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
            visitor.Visit(symbol, _neighbour, _state, start + i);
            _neighbour = symbol;
            if (_syntax.DependentQuantization) _state = DependentQuantizer.NextState(_state, symbol);
        }
    }

    private void Pass(scoped ReadOnlySpan<int> levels)
    {
        if (!_syntax.DependentQuantization)
        {
            _neighbour = levels[^1];
            return;
        }

        int state = _state;
        int symbol = 0;
        foreach (int level in levels)
        {
            symbol = DependentQuantizer.ToSymbol(state, level);
            state = DependentQuantizer.NextState(state, symbol);
        }

        _state = state;
        _neighbour = symbol;
    }
}
