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
    /// <param name="cancellationToken">Checked every few thousand levels.</param>
    /// <exception cref="ArgumentException">Syntax and lengths do not fit, or a level cannot be coded under this syntax.</exception>
    public static void Encode(
        ArithmeticEncoder encoder,
        in LevelSyntax syntax,
        LevelEncoderOptions options,
        ReadOnlySpan<int> baseLevels,
        ReadOnlySpan<byte> history,
        ReadOnlySpan<int> levels,
        List<BlockRowBorder>? borders = null,
        CancellationToken cancellationToken = default)
    {
        syntax.Validate(levels.Length, baseLevels.Length, history.Length);
        if (!syntax.HasSideFlags) history = default;
        LevelCodingChoice choice = options.Choice ?? LevelCodingChoice.Make(syntax, options, baseLevels, history, levels, cancellationToken);
        var layout = new ContextLayout(syntax);
        var contexts = new CodingContext[layout.Count];
        foreach (ref CodingContext context in contexts.AsSpan()) context.Initialize(0);
        if (syntax.HasSideFlags)
        {
            if (syntax.ParentNodePresent) encoder.EncodeBypass(history.IsEmpty ? 0 : 1);
            encoder.EncodeBypass(choice.SkippedRows.Length == 0 ? 0 : 1);
            foreach (byte skipped in choice.SkippedRows) encoder.EncodeBin(ref contexts[ContextLayout.RowSkip], skipped);
        }

        short[] order = layout.ListShiftIndices(!baseLevels.IsEmpty, !history.IsEmpty);
        for (int i = 0; i < order.Length; i++)
        {
            int index = choice.ShiftIndices[i];
            encoder.EncodeBin(ref contexts[ContextLayout.ShiftFlag], index == 0 ? 0 : 1);
            if (index != 0) encoder.EncodeBypassBits((uint)index - 1, 3);
            contexts[order[i]].Initialize(index);
        }

        if (syntax.RestartsRange) encoder.RestartRange();
        var sink = new ArithmeticSink(encoder, contexts, borders);
        if (!baseLevels.IsEmpty || !history.IsEmpty || syntax.LimitsSymbols)
        {
            var binarizer = new SymbolBinarizer<ArithmeticSink>(syntax, baseLevels, history, sink);
            var mapping = new SymbolMapping<SymbolBinarizer<ArithmeticSink>>(syntax, binarizer);
            LevelWalk.Run(syntax, choice.SkippedRows, levels, SymbolSample.All, ref mapping, cancellationToken);
        }
        else if (syntax.DependentQuantization)
        {
            var run = new PlainRunEncoder<DependentRule>(encoder, contexts, syntax.GreaterFlagCount, sink);
            LevelWalk.Run(syntax, choice.SkippedRows, levels, SymbolSample.All, ref run, cancellationToken);
        }
        else
        {
            var run = new PlainRunEncoder<UniformRule>(encoder, contexts, syntax.GreaterFlagCount, sink);
            LevelWalk.Run(syntax, choice.SkippedRows, levels, SymbolSample.All, ref run, cancellationToken);
        }
    }
}
