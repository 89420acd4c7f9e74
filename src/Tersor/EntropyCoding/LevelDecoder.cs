namespace Tersor.EntropyCoding;

/// <summary>Decodes the tensor data of NNC payloads: side flags, shift indices and symbols (NNC implementer's text, sections 8 and 9).</summary>
internal ref struct LevelDecoder
{
    // How far a payload that has ended, or a wish to stop, may go unnoticed.
    private const int LevelsBetweenChecks = 1 << 14;

    private readonly LevelSyntax _syntax;
    private readonly ReadOnlySpan<int> _baseLevels;
    private readonly ReadOnlySpan<byte> _history;
    private readonly CodingContext[] _contexts;
    private readonly ContextLayout _layout;
    private readonly CancellationToken _cancellationToken;
    private int _neighbourClass;
    private int _state;
    private bool _historyEnabled;
    private LevelBand? _band;
    private int _bandStart;

    private LevelDecoder(scoped in LevelSyntax syntax, ReadOnlySpan<int> baseLevels, ReadOnlySpan<byte> history, CancellationToken cancellationToken)
    {
        _syntax = syntax;
        _baseLevels = baseLevels;
        _history = history;
        _cancellationToken = cancellationToken;
        _layout = new ContextLayout(syntax);
        _contexts = new CodingContext[_layout.Count];
        foreach (ref CodingContext context in _contexts.AsSpan()) context.Initialize(0);
    }

    /// <summary>Decodes one tensor. Bytes may be anything: the result is a status, and time is bounded by the number of levels.</summary>
    /// <param name="decoder">Stands at the first bin of the tensor data; stands behind it afterwards.</param>
    /// <param name="syntax">Dialect, matrix view and tools of the tensor.</param>
    /// <param name="baseLevels">The levels of the parent, which turn temporal contexts on; empty: off.</param>
    /// <param name="history">1 where any earlier update was not zero; may be empty where the stream does not use it.</param>
    /// <param name="levels">Receives the levels, row-major; with a codebook index minus zero index.</param>
    /// <param name="cancellationToken">Looked at every few thousand levels.</param>
    /// <exception cref="ArgumentException">Syntax and lengths do not fit.</exception>
    public static LevelDecodingStatus Decode(
        ref ArithmeticDecoder decoder, in LevelSyntax syntax, ReadOnlySpan<int> baseLevels, ReadOnlySpan<byte> history, Span<int> levels, CancellationToken cancellationToken = default)
    {
        syntax.Validate(levels.Length, baseLevels.Length, history.Length);
        return new LevelDecoder(syntax, baseLevels, history, cancellationToken).Decode(ref decoder, levels);
    }

    /// <summary>Decodes one tensor without holding all of it: bands of consecutive levels are handed over from the first to the last.</summary>
    /// <param name="decoder">Stands at the first bin of the tensor data; stands behind it afterwards.</param>
    /// <param name="syntax">Dialect, matrix view and tools of the tensor, which has no parent.</param>
    /// <param name="buffer">As long as <see cref="BandLength"/> says.</param>
    /// <param name="band">Gets the levels of each band in the buffer, of which it may make what it likes.</param>
    /// <param name="cancellationToken">Looked at every few thousand levels.</param>
    public static LevelDecodingStatus Decode(ref ArithmeticDecoder decoder, in LevelSyntax syntax, Span<int> buffer, LevelBand band, CancellationToken cancellationToken)
    {
        syntax.Validate(syntax.ElementCount, 0, 0);
        LevelDecoder levels = new(syntax, [], [], cancellationToken) { _band = band };
        LevelDecodingStatus status = levels.Decode(ref decoder, buffer);
        if (status == LevelDecodingStatus.Done && syntax.ElementCount > levels._bandStart) band(buffer[..(syntax.ElementCount - levels._bandStart)]);
        return status;
    }

    /// <summary>Levels of a band: about as many as are decoded between two looks at the token, and whole rows of blocks.</summary>
    public static int BandLength(in LevelSyntax syntax)
    {
        long blockRow = (long)Math.Max(1, syntax.BlockSize) * (syntax.BlockSize == 0 ? 1 : syntax.RowLength);
        return (int)Math.Min(syntax.ElementCount, Math.Max(1, LevelsBetweenChecks / blockRow) * blockRow);
    }

    private LevelDecodingStatus Decode(ref ArithmeticDecoder decoder, Span<int> levels)
    {
        byte[]? skippedRows = null;
        if (_syntax.HasSideFlags)
        {
            _historyEnabled = _syntax.ParentNodePresent && decoder.DecodeBypass() == 1;
            if (_historyEnabled && _history.IsEmpty) return LevelDecodingStatus.HistoryMissing;
            if (decoder.DecodeBypass() == 1)
            {
                skippedRows = new byte[_syntax.RowCount];
                foreach (ref byte skipped in skippedRows.AsSpan()) skipped = decoder.DecodeBin(ref _contexts[ContextLayout.RowSkip]) ? (byte)1 : (byte)0;
            }
        }

        DecodeShiftIndices(ref decoder);
        return DecodeMatrix(ref decoder, skippedRows, levels);
    }

    private void DecodeShiftIndices(ref ArithmeticDecoder decoder)
    {
        foreach (short context in _layout.ListShiftIndices(!_baseLevels.IsEmpty, _historyEnabled))
        {
            int index = decoder.DecodeBin(ref _contexts[ContextLayout.ShiftFlag]) ? 1 + (int)decoder.DecodeBypassBits(3) : 0;
            _contexts[context].Initialize(index);
        }
    }

    private LevelDecodingStatus DecodeMatrix(ref ArithmeticDecoder decoder, ReadOnlySpan<byte> skippedRows, Span<int> levels)
    {
        if (_syntax.RestartsRange) decoder.RestartRange();
        var scan = new LevelScan(_syntax, skippedRows);
        while (scan.MoveNext())
        {
            if (scan.EntersBlockRow)
            {
                foreach (ref CodingContext context in _contexts.AsSpan()) context.Reset();
                _neighbourClass = 0;
                decoder.RestartRange();
            }

            for (int done = 0; done < scan.Length;)
            {
                int start = scan.Start + done;
                HandOverBands(start, levels);
                Span<int> run = levels[(start - _bandStart)..];
                run = run[..Math.Min(run.Length, scan.Length - done)];
                done += run.Length;
                if (scan.IsSkipped)
                {
                    run.Clear();
                    continue;
                }

                LevelDecodingStatus status = DecodeRun(ref decoder, start, run);
                if (status != LevelDecodingStatus.Done) return status;
            }

            if (scan.IsSkipped && _syntax.DependentQuantization) _state = DependentQuantizer.SkipZeros(_state, _syntax.RowLength);
        }

        return decoder.IsPastEnd ? LevelDecodingStatus.PayloadTooShort : LevelDecodingStatus.Done;
    }

    // Rows of blocks come one after the other, so that nothing before the band that a run begins in is written any more.
    private void HandOverBands(int start, Span<int> levels)
    {
        while (start - _bandStart >= levels.Length)
        {
            _band!(levels);
            _bandStart += levels.Length;
        }
    }

    private LevelDecodingStatus DecodeRun(ref ArithmeticDecoder decoder, int start, Span<int> levels)
    {
        bool isPlain = _baseLevels.IsEmpty && !_historyEnabled && !_syntax.LimitsSymbols;
        for (int done = 0; done < levels.Length; done += LevelsBetweenChecks)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            Span<int> part = levels.Slice(done, Math.Min(LevelsBetweenChecks, levels.Length - done));
            bool fits = !isPlain ? DecodeToolRun(ref decoder, start + done, part)
                : _syntax.DependentQuantization
                    ? PlainRunDecoder.Decode<DependentRule>(ref decoder, _contexts, _syntax.GreaterFlagCount, ref _neighbourClass, ref _state, part)
                    : PlainRunDecoder.Decode<UniformRule>(ref decoder, _contexts, _syntax.GreaterFlagCount, ref _neighbourClass, ref _state, part);
            if (decoder.IsPastEnd) return LevelDecodingStatus.PayloadTooShort;
            if (!fits) return LevelDecodingStatus.LevelOutOfRange;
        }

        return LevelDecodingStatus.Done;
    }

    private bool DecodeToolRun(ref ArithmeticDecoder decoder, int start, Span<int> levels)
    {
        for (int i = 0; i < levels.Length; i++)
        {
            long symbol = DecodeSymbol(ref decoder, start + i);
            long level = _syntax.DependentQuantization ? DependentQuantizer.ToLevel(_state, symbol) : symbol;
            if (Math.Abs(level) > int.MaxValue) return false;
            levels[i] = (int)level;
            _neighbourClass = ContextLayout.NeighbourClass((int)symbol);
            if (_syntax.DependentQuantization) _state = DependentQuantizer.NextState(_state, (int)symbol);
        }

        return true;
    }

    private long DecodeSymbol(ref ArithmeticDecoder decoder, int position)
    {
        bool limited = _syntax.LimitsSymbols;
        if (limited && _syntax.CodebookSize == 1) return 0;
        int baseLevel = _baseLevels.IsEmpty ? 0 : _baseLevels[position];
        uint baseMagnitude = (uint)Math.Abs((long)baseLevel);
        bool history = _historyEnabled && _history[position] != 0;
        int significance = history ? ContextLayout.HistorySignificance + _state
            : baseLevel != 0 ? ContextLayout.TemporalSignificance + (2 * _state) + (baseMagnitude > 1 ? 1 : 0)
            : ContextLayout.Significance + (3 * _state) + _neighbourClass;
        if (!decoder.DecodeBin(ref _contexts[significance])) return 0;

        bool negative;
        if (limited && _syntax.CodebookZero == 0) negative = false;
        else if (limited && _syntax.CodebookZero == _syntax.CodebookSize - 1) negative = true;
        else
        {
            int sign = baseLevel == 0 ? ContextLayout.Sign + _neighbourClass : ContextLayout.TemporalSign + (baseLevel < 0 ? 0 : 1);
            negative = decoder.DecodeBin(ref _contexts[sign]);
        }

        long largest = !limited ? long.MaxValue : negative ? _syntax.CodebookZero : _syntax.CodebookSize - 1 - _syntax.CodebookZero;
        long magnitude = DecodeMagnitude(ref decoder, baseLevel != 0, baseMagnitude, negative ? 1 : 0, largest);
        if (magnitude > largest) return long.MaxValue / 4;
        return negative ? -magnitude : magnitude;
    }

    private long DecodeMagnitude(ref ArithmeticDecoder decoder, bool temporal, uint baseMagnitude, int sign, long largest)
    {
        long magnitude = 1;
        if (largest == 1) return magnitude;
        for (int x = 0; ; x++)
        {
            int greater = temporal ? _layout.GreaterTemporal + (2 * x) + (baseMagnitude >= x ? 0 : 1) : ContextLayout.Greater + (2 * x) + sign;
            if (!decoder.DecodeBin(ref _contexts[greater])) return magnitude;
            magnitude++;
            if (magnitude == largest) return magnitude;
            if (x == _syntax.GreaterFlagCount - 1) break;
        }

        int exponent = 0;
        for (int j = 0; j < 31; j++)
        {
            if (!decoder.DecodeBin(ref _contexts[ContextLayout.Remainder + j])) break;
            magnitude += 1L << exponent;
            exponent++;
            if (magnitude + (1L << exponent) > largest) break;
        }

        return magnitude + decoder.DecodeBypassBits(exponent);
    }
}
