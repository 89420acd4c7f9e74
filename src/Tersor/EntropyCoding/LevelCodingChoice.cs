namespace Tersor.EntropyCoding;

/// <summary>What an encoder settles for a tensor before its first bin: rows to skip, and where contexts start.</summary>
internal sealed class LevelCodingChoice
{
    /// <summary>1 per row that is skipped; empty where row skipping is off.</summary>
    public required byte[] SkippedRows { get; init; }

    /// <summary>A shift index for each context that has one, in the order of sending (<see cref="ContextLayout.ListShiftIndices"/>).</summary>
    public required byte[] ShiftIndices { get; init; }

    /// <summary>What all that follows the delta QP costs, in 1/32768 bit; not known (0) where nothing had to be weighed.</summary>
    public long Cost { get; init; }

    /// <summary>Settles the choices of one tensor.</summary>
    /// <param name="syntax">Dialect, matrix view and tools.</param>
    /// <param name="options">What may be chosen.</param>
    /// <param name="baseLevels">Levels of the parent; empty: no temporal contexts.</param>
    /// <param name="history">The history map where history is enabled for this tensor, else empty.</param>
    /// <param name="levels">Row-major.</param>
    /// <param name="cancellationToken">Checked every few thousand levels.</param>
    public static LevelCodingChoice Make(
        in LevelSyntax syntax,
        LevelEncoderOptions options,
        ReadOnlySpan<int> baseLevels,
        ReadOnlySpan<byte> history,
        ReadOnlySpan<int> levels,
        CancellationToken cancellationToken = default)
    {
        byte[] zeroRows = ZeroRows(syntax, options.RowSkipping, levels);
        bool mustWeigh = zeroRows.Length > 0 && options.RowSkipping == RowSkipping.WherePaying;
        if (!mustWeigh && !options.SearchesInitialization) return new LevelCodingChoice { SkippedRows = zeroRows, ShiftIndices = new byte[OrderOf(syntax, baseLevels, history).Length] };
        LevelCodingChoice choice = Price(syntax, options, baseLevels, history, levels, zeroRows, cancellationToken);
        if (!mustWeigh) return choice;
        LevelCodingChoice withoutSkipping = Price(syntax, options, baseLevels, history, levels, [], cancellationToken);
        return choice.Cost <= withoutSkipping.Cost ? choice : withoutSkipping;
    }

    /// <summary>Chooses the shift indices for the cheapest sum of bins and signalling.</summary>
    /// <param name="skippedRows">1 per row that is skipped; empty where row skipping is off.</param>
    /// <param name="contextCosts">The costs of each context with a shift index under each starting point.</param>
    /// <param name="bypassCost">The cost of bypass bins.</param>
    public static LevelCodingChoice OfCosts(byte[] skippedRows, ReadOnlySpan<long> contextCosts, long bypassCost)
    {
        byte[] indices = new byte[contextCosts.Length / ContextModel.InitializationCount];
        long cost = ShiftIndexChoice.Choose(contextCosts, indices) + bypassCost + LevelCost.OfRowFlags(skippedRows);
        return new LevelCodingChoice { SkippedRows = skippedRows, ShiftIndices = indices, Cost = cost };
    }

    /// <summary>The rows that are all zero, where they may be skipped; empty where none is or none may.</summary>
    private static byte[] ZeroRows(in LevelSyntax syntax, RowSkipping rowSkipping, ReadOnlySpan<int> levels)
    {
        if (!syntax.HasSideFlags || rowSkipping == RowSkipping.Off) return [];
        if (rowSkipping == RowSkipping.WherePaying && syntax.RowSkippingMovesQuantizer) return [];
        byte[] skipped = new byte[syntax.RowCount];
        bool any = false;
        for (int row = 0; row < skipped.Length; row++)
        {
            bool isZero = !levels.Slice(row * syntax.RowLength, syntax.RowLength).ContainsAnyExcept(0);
            skipped[row] = isZero ? (byte)1 : (byte)0;
            any |= isZero;
        }

        return any || rowSkipping == RowSkipping.On ? skipped : [];
    }

    private static short[] OrderOf(in LevelSyntax syntax, ReadOnlySpan<int> baseLevels, ReadOnlySpan<byte> history) =>
        new ContextLayout(syntax).ListShiftIndices(!baseLevels.IsEmpty, !history.IsEmpty);

    private static LevelCodingChoice Price(
        in LevelSyntax syntax,
        LevelEncoderOptions options,
        ReadOnlySpan<int> baseLevels,
        ReadOnlySpan<byte> history,
        ReadOnlySpan<int> levels,
        byte[] skippedRows,
        CancellationToken cancellationToken)
    {
        LevelCost symbols = LevelCost.Collect(syntax, baseLevels, history, skippedRows, levels, cancellationToken);
        short[] order = OrderOf(syntax, baseLevels, history);
        long[] costs = new long[order.Length * ContextModel.InitializationCount];
        for (int i = 0; i < order.Length; i++) symbols.OfContext(order[i]).CopyTo(costs.AsSpan(i * ContextModel.InitializationCount));
        if (options.SearchesInitialization) return OfCosts(skippedRows, costs, symbols.Bypass);

        long cost = symbols.Bypass + LevelCost.OfRowFlags(skippedRows);
        for (int i = 0; i < costs.Length; i += ContextModel.InitializationCount) cost += costs[i];
        return new LevelCodingChoice { SkippedRows = skippedRows, ShiftIndices = new byte[order.Length], Cost = cost };
    }
}
