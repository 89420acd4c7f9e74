namespace Tersor.EntropyCoding;

/// <summary>What an encoder settles for a tensor before its first bin: rows to skip, and where contexts start.</summary>
internal sealed class LevelCodingChoice
{
    /// <summary>1 per row that is skipped; empty where row skipping is off.</summary>
    public byte[] SkippedRows { get; private init; } = [];

    /// <summary>The contexts that have a shift index, in the order of sending.</summary>
    public short[] IndexedContexts { get; private init; } = [];

    /// <summary>A shift index for each.</summary>
    public byte[] ShiftIndices { get; private init; } = [];

    /// <summary>What all that follows the delta QP costs, in 1/32768 bit; not known (0) where nothing had to be weighed.</summary>
    public long Cost { get; private init; }

    /// <summary>Settles the choices of one tensor.</summary>
    /// <param name="syntax">Dialect, matrix view and tools.</param>
    /// <param name="options">What may be chosen.</param>
    /// <param name="baseLevels">Levels of the parent; empty: no temporal contexts.</param>
    /// <param name="history">The history map where history is enabled for this tensor, else empty.</param>
    /// <param name="levels">Row-major.</param>
    public static LevelCodingChoice Make(
        in LevelSyntax syntax, LevelEncoderOptions options, ReadOnlySpan<int> baseLevels, ReadOnlySpan<byte> history, ReadOnlySpan<int> levels)
    {
        var layout = new ContextLayout(syntax);
        Span<short> order = stackalloc short[layout.Count];
        short[] contexts = order[..layout.ListShiftIndices(!baseLevels.IsEmpty, !history.IsEmpty, order)].ToArray();
        byte[] skippedRows = ZeroRows(syntax, options.RowSkipping, levels);
        if (skippedRows.Length == 0) return Price(syntax, options, baseLevels, history, levels, skippedRows, contexts, mustPrice: false);
        if (options.RowSkipping == RowSkipping.On) return Price(syntax, options, baseLevels, history, levels, skippedRows, contexts, mustPrice: false);
        LevelCodingChoice skipping = Price(syntax, options, baseLevels, history, levels, skippedRows, contexts, mustPrice: true);
        LevelCodingChoice coding = Price(syntax, options, baseLevels, history, levels, [], contexts, mustPrice: true);
        return skipping.Cost <= coding.Cost ? skipping : coding;
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

    private static LevelCodingChoice Price(
        in LevelSyntax syntax,
        LevelEncoderOptions options,
        ReadOnlySpan<int> baseLevels,
        ReadOnlySpan<byte> history,
        ReadOnlySpan<int> levels,
        byte[] skippedRows,
        short[] contexts,
        bool mustPrice)
    {
        byte[] indices = new byte[contexts.Length];
        if (!mustPrice && !options.SearchesInitialization) return new LevelCodingChoice { SkippedRows = skippedRows, IndexedContexts = contexts, ShiftIndices = indices };
        LevelCost symbols = LevelCost.Collect(syntax, baseLevels, history, skippedRows, levels);
        long cost = symbols.Bypass + LevelCost.OfRowFlags(skippedRows);
        if (options.SearchesInitialization)
        {
            long[] costs = new long[contexts.Length * ContextModel.InitializationCount];
            for (int i = 0; i < contexts.Length; i++) symbols.OfContext(contexts[i]).CopyTo(costs.AsSpan(i * ContextModel.InitializationCount));
            cost += ShiftIndexChoice.Choose(costs, indices);
        }
        else
        {
            foreach (short context in contexts) cost += symbols.OfContext(context)[0];
        }

        return new LevelCodingChoice { SkippedRows = skippedRows, IndexedContexts = contexts, ShiftIndices = indices, Cost = cost };
    }
}
