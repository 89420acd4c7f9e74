namespace Tersor.EntropyCoding;

/// <summary>Turns levels into symbols (NNC implementer's text, section 9.3) and makes sure that they can be coded.</summary>
/// <typeparam name="TVisitor">What looks at the symbols.</typeparam>
internal ref struct SymbolMapping<TVisitor> : ILevelVisitor
    where TVisitor : struct, ISymbolVisitor, allows ref struct
{
    private readonly LevelSyntax _syntax;
#pragma warning disable IDE0044 // Calls change the visitor: read only, they would change a copy.
    private TVisitor _visitor;
#pragma warning restore IDE0044

    /// <summary>Symbols of one tensor go to <paramref name="visitor"/>.</summary>
    public SymbolMapping(scoped in LevelSyntax syntax, TVisitor visitor)
    {
        _syntax = syntax;
        _visitor = visitor;
    }

    /// <summary>The visitor as it is now.</summary>
    public readonly TVisitor Visitor => _visitor;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A level cannot be coded: it is outside the codebook, or the quantizer's state does not have it.</exception>
    public void Visit(scoped ReadOnlySpan<int> levels, int start, scoped ref SymbolPath path)
    {
        for (int i = 0; i < levels.Length; i++)
        {
            int symbol = levels[i];
            if (symbol == int.MinValue) UncodableLevel.Throw(start + i, symbol);
            if (_syntax.DependentQuantization)
            {
                if (!DependentQuantizer.CanExpress(path.State, symbol)) UncodableLevel.Throw(start + i, symbol);
                symbol = DependentQuantizer.ToSymbol(path.State, symbol);
            }

            if (_syntax.LimitsSymbols && (uint)(symbol + _syntax.CodebookZero) >= (uint)_syntax.CodebookSize) UncodableLevel.Throw(start + i, symbol);
            _visitor.Visit(symbol, path, start + i);
            path.Neighbour = symbol;
            if (_syntax.DependentQuantization) path.State = DependentQuantizer.NextState(path.State, symbol);
        }
    }

    /// <inheritdoc/>
    public void EnterBlockRow(int quantizerState) => _visitor.EnterBlockRow(quantizerState);

    /// <inheritdoc/>
    public void EnterSample() => _visitor.EnterSample();
}
