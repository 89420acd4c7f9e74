namespace Tersor.EntropyCoding;

/// <summary>Encodes the tensor data of NNC payloads: side flags, shift indices and symbols (NNC implementer's text, sections 8 and 9).</summary>
internal static class LevelEncoder
{
    /// <summary>Encodes one tensor.</summary>
    /// <param name="encoder">Stands behind the delta QP, where there is one.</param>
    /// <param name="syntax">Dialect, matrix view and tools of the tensor, as the unit's header states them.</param>
    /// <param name="options">The encoder's own choices.</param>
    /// <param name="baseLevels">The levels of the parent, which turn temporal contexts on; empty: off.</param>
    /// <param name="history">1 where any earlier update was not zero; empty: history stays off.</param>
    /// <param name="levels">Row-major; with a codebook index minus zero index.</param>
    /// <param name="borders">Receives one entry per block row but the first, from which the header's entry points follow.</param>
    /// <exception cref="ArgumentException">Syntax and lengths do not fit, or a level cannot be coded under this syntax.</exception>
    public static void Encode(
        ArithmeticEncoder encoder,
        in LevelSyntax syntax,
        LevelEncoderOptions options,
        ReadOnlySpan<int> baseLevels,
        ReadOnlySpan<byte> history,
        ReadOnlySpan<int> levels,
        List<BlockRowBorder>? borders = null)
    {
        syntax.Validate(levels.Length, baseLevels.Length, history.Length);
        if (!syntax.HasSideFlags) history = default;
        byte[] skippedRows = SkippedRows(syntax, options.RowSkipping, levels);
        var binarizer = new LevelBinarizer<ArithmeticSink>(syntax, baseLevels, history, skippedRows);
        var layout = new ContextLayout(syntax);
        var contexts = new ContextModel[layout.Count];
        foreach (ref ContextModel context in contexts.AsSpan()) context.Initialize(0);

        Span<short> order = stackalloc short[layout.Count];
        order = order[..layout.ListShiftIndices(!baseLevels.IsEmpty, !history.IsEmpty, order)];
        Span<byte> indices = stackalloc byte[order.Length];
        indices.Clear();
        if (options.SearchesInitialization) SearchInitialization(syntax, baseLevels, history, skippedRows, levels, order, indices);

        if (syntax.HasSideFlags)
        {
            if (syntax.ParentNodePresent) encoder.EncodeBypass(history.IsEmpty ? 0 : 1);
            encoder.EncodeBypass(skippedRows.Length == 0 ? 0 : 1);
            foreach (byte skipped in skippedRows) encoder.EncodeBin(ref contexts[ContextLayout.RowSkip], skipped);
        }

        for (int i = 0; i < order.Length; i++)
        {
            encoder.EncodeBin(ref contexts[ContextLayout.ShiftFlag], indices[i] == 0 ? 0 : 1);
            if (indices[i] != 0) encoder.EncodeBypassBits((uint)indices[i] - 1, 3);
            contexts[order[i]].Initialize(indices[i]);
        }

        var sink = new ArithmeticSink(encoder, contexts, borders);
        binarizer.Run(levels, ref sink);
    }

    private static byte[] SkippedRows(in LevelSyntax syntax, RowSkipping rowSkipping, ReadOnlySpan<int> levels)
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

    private static void SearchInitialization(
        in LevelSyntax syntax,
        ReadOnlySpan<int> baseLevels,
        ReadOnlySpan<byte> history,
        ReadOnlySpan<byte> skippedRows,
        ReadOnlySpan<int> levels,
        ReadOnlySpan<short> order,
        Span<byte> indices)
    {
        int count = new ContextLayout(syntax).Count * ContextModel.InitializationCount;
        long[] costs = new long[count];
        var sink = new InitializationSink(new ContextModel[count], costs);
        new LevelBinarizer<InitializationSink>(syntax, baseLevels, history, skippedRows).Run(levels, ref sink);

        long[] listed = new long[order.Length * ContextModel.InitializationCount];
        for (int i = 0; i < order.Length; i++)
        {
            costs.AsSpan(order[i] * ContextModel.InitializationCount, ContextModel.InitializationCount).CopyTo(listed.AsSpan(i * ContextModel.InitializationCount));
        }

        ShiftIndexChoice.Choose(listed, indices);
    }
}
