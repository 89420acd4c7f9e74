namespace Tersor.EntropyCoding;

/// <summary>Where each context of a tensor stands in one array (NNC implementer's text, section 8.4; the order of the array is our own).</summary>
internal readonly struct ContextLayout
{
    /// <summary>sig[s][c] at 3 s + c.</summary>
    public const int Significance = 0;

    /// <summary>sigT[s][c] at 2 s + c.</summary>
    public const int TemporalSignificance = 24;

    /// <summary>sigH[s].</summary>
    public const int HistorySignificance = 40;

    /// <summary>sign[c].</summary>
    public const int Sign = 48;

    /// <summary>signT[c].</summary>
    public const int TemporalSign = 51;

    /// <summary>The context of the flags before shift indices.</summary>
    public const int ShiftFlag = 53;

    /// <summary>The context of row skip flags.</summary>
    public const int RowSkip = 54;

    /// <summary>rem[j], j up to 31.</summary>
    public const int Remainder = 55;

    /// <summary>gt[x][c] at 2 x + c.</summary>
    public const int Greater = 87;

    /// <summary>The most prefix bins of a remainder that a 32-bit magnitude can need, each with a context of its own.</summary>
    public const int RemainderCount = 32;

    /// <summary>The most contexts any tensor has (N = 256).</summary>
    public const int MaximumCount = Greater + (4 * 256);

    private readonly LevelSyntax _syntax;

    /// <summary>The layout of one tensor's contexts.</summary>
    public ContextLayout(scoped in LevelSyntax syntax)
    {
        _syntax = syntax;
        GreaterTemporal = Greater + (2 * syntax.GreaterFlagCount);
        Count = Greater + (4 * syntax.GreaterFlagCount);
    }

    /// <summary>gtT[x][c] at 2 x + c.</summary>
    public int GreaterTemporal { get; }

    /// <summary>How many contexts there are.</summary>
    public int Count { get; }

    /// <summary>The class of a neighbour: 0 for zero, 1 for negative, 2 for positive.</summary>
    public static int NeighbourClass(int symbol) => symbol == 0 ? 0 : 1 + (int)(~(uint)symbol >> 31);

    /// <summary>Lists the contexts that a shift index is sent for, in the order of sending (section 8.5).</summary>
    /// <param name="temporal">Whether temporal contexts are on.</param>
    /// <param name="history">Whether history is enabled for the tensor.</param>
    /// <returns>Positions in the array of contexts.</returns>
    public short[] ListShiftIndices(bool temporal, bool history)
    {
        Span<short> contexts = stackalloc short[MaximumCount];
        bool limited = _syntax.LimitsSymbols;
        if (limited && _syntax.CodebookSize == 1) return [];

        // Without a codebook nothing limits the list; with one, what symbols of its size cannot reach is left out.
        long reach = limited ? Math.Max(_syntax.CodebookZero, _syntax.CodebookSize - 1 - _syntax.CodebookZero) : long.MaxValue / 4;
        bool dependent = _syntax.DependentQuantization;
        int greaterCount = (int)Math.Min(2 * _syntax.GreaterFlagCount, 2 * reach);
        int temporalGreaterCount = (int)Math.Min(2 * _syntax.GreaterFlagCount, 2 * (reach - 1));
        int remainderCount = 0;
        int remainderLimit = _syntax.Dialect == NncDialect.EditionOne ? 32 : 31;
        while (remainderCount < remainderLimit && _syntax.GreaterFlagCount - 1 + (1L << (remainderCount + 1)) - 1 < reach) remainderCount++;

        int count = Append(contexts, 0, Significance, dependent ? 24 : 3);
        if (temporal) count = Append(contexts, count, TemporalSignificance, dependent ? 16 : 2);
        if (history) count = Append(contexts, count, HistorySignificance, dependent ? 8 : 1);
        if (!limited || (_syntax.CodebookZero != 0 && _syntax.CodebookZero != _syntax.CodebookSize - 1))
        {
            count = Append(contexts, count, Sign, 3);
            if (temporal) count = Append(contexts, count, TemporalSign, 2);
        }

        count = Append(contexts, count, Greater, greaterCount);
        if (temporal) count = Append(contexts, count, GreaterTemporal, temporalGreaterCount);
        return contexts[..Append(contexts, count, Remainder, remainderCount)].ToArray();
    }

    private static int Append(Span<short> contexts, int count, int first, int length)
    {
        for (int i = 0; i < length; i++) contexts[count + i] = (short)(first + i);
        return count + length;
    }
}
