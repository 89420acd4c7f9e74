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
        var contexts = new CodingContext[new ContextLayout(syntax).Count];
        foreach (ref CodingContext context in contexts.AsSpan()) context.Initialize(0);
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
        var sink = new ArithmeticSink(encoder, contexts, borders);
        if (baseLevels.IsEmpty && history.IsEmpty && !syntax.LimitsSymbols)
        {
            EncodePlain(encoder, syntax, choice.SkippedRows, contexts, sink, levels);
            return;
        }

        var binarizer = new SymbolBinarizer<ArithmeticSink>(syntax, baseLevels, history, sink);
        new SymbolScan<SymbolBinarizer<ArithmeticSink>>(syntax, choice.SkippedRows).Run(levels, SymbolSample.All, ref binarizer);
    }

    private static void EncodePlain(
        ArithmeticEncoder encoder,
        in LevelSyntax syntax,
        ReadOnlySpan<byte> skippedRows,
        CodingContext[] contexts,
        ArithmeticSink sink,
        ReadOnlySpan<int> levels)
    {
        int neighbourClass = 0;
        int state = 0;
        var scan = new LevelScan(syntax, skippedRows);
        while (scan.MoveNext())
        {
            if (scan.EntersBlockRow)
            {
                neighbourClass = 0;
                sink.EnterBlockRow(state);
            }

            if (scan.IsSkipped)
            {
                if (syntax.DependentQuantization) state = DependentQuantizer.SkipZeros(state, syntax.RowLength);
                continue;
            }

            ReadOnlySpan<int> run = levels.Slice(scan.Start, scan.Length);
            bool isSaid = syntax.DependentQuantization
                ? PlainRunEncoder.Encode<DependentRule>(ref encoder.Registers, contexts, syntax.GreaterFlagCount, ref neighbourClass, ref state, run)
                : PlainRunEncoder.Encode<UniformRule>(ref encoder.Registers, contexts, syntax.GreaterFlagCount, ref neighbourClass, ref state, run);
            if (isSaid) continue;

            // The walk that all estimates take names the level.
            var visitor = default(SymbolCheck);
            new SymbolScan<SymbolCheck>(syntax, skippedRows).Run(levels, SymbolSample.All, ref visitor);
        }
    }

    private readonly struct SymbolCheck : ISymbolVisitor
    {
        public void Visit(int symbol, int neighbour, int quantizerState, int position)
        {
        }

        public void EnterBlockRow(int quantizerState)
        {
        }

        public void EnterSample()
        {
        }
    }
}
