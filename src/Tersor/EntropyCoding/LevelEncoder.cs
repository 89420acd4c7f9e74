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
        LevelCodingChoice choice = LevelCodingChoice.Make(syntax, options, baseLevels, history, levels);
        var contexts = new ContextModel[new ContextLayout(syntax).Count];
        foreach (ref ContextModel context in contexts.AsSpan()) context.Initialize(0);
        if (syntax.HasSideFlags)
        {
            if (syntax.ParentNodePresent) encoder.EncodeBypass(history.IsEmpty ? 0 : 1);
            encoder.EncodeBypass(choice.SkippedRows.Length == 0 ? 0 : 1);
            foreach (byte skipped in choice.SkippedRows) encoder.EncodeBin(ref contexts[ContextLayout.RowSkip], skipped);
        }

        for (int i = 0; i < choice.ShiftIndices.Length; i++)
        {
            int index = choice.ShiftIndices[i];
            encoder.EncodeBin(ref contexts[ContextLayout.ShiftFlag], index == 0 ? 0 : 1);
            if (index != 0) encoder.EncodeBypassBits((uint)index - 1, 3);
            contexts[choice.IndexedContexts[i]].Initialize(index);
        }

        if (syntax.RestartsRange) encoder.RestartRange();
        var binarizer = new SymbolBinarizer<ArithmeticSink>(syntax, baseLevels, history, new ArithmeticSink(encoder, contexts, borders));
        new SymbolScan<SymbolBinarizer<ArithmeticSink>>(syntax, choice.SkippedRows).Run(levels, SymbolSample.All, ref binarizer);
    }
}
