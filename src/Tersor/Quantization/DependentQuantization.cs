namespace Tersor.Quantization;

/// <summary>
/// The 8-state machine of dependent quantization (NNC implementer's text, section 9.3). Even states reconstruct even multiples of the step size, odd
/// states zero and odd multiples; the parity of the coded symbol moves the state. A tensor starts in state 0.
/// </summary>
public static class DependentQuantization
{
    /// <summary>Number of states.</summary>
    public const int StateCount = 8;

    // Next state for (state, parity), as nibble 2 * state + parity.
    private const ulong Transitions = 0x64_13_75_02_46_31_57_20;

    /// <summary>The state after a symbol of the given parity.</summary>
    /// <param name="state">0..7.</param>
    /// <param name="symbol">The symbol k, or just its lowest bit.</param>
    public static int NextState(int state, int symbol) => (int)(Transitions >> ((state << 3) | ((symbol & 1) << 2))) & 7;

    /// <summary>The level of symbol k in a state: 2k - sign(k) * (state and 1).</summary>
    public static int LevelOf(int symbol, int state) => (2 * symbol) - (Math.Sign(symbol) * (state & 1));

    /// <summary>The symbol of a level in a state; exact where the state's quantizer holds the level.</summary>
    public static int SymbolOf(int level, int state)
    {
        int magnitude = (int)((Math.Abs((long)level) + (state & 1)) >> 1);
        return level < 0 ? -magnitude : magnitude;
    }

    /// <summary>Turns levels into the symbols that are coded, in coding order. The spans may be the same.</summary>
    /// <returns>False where a level is not held by the quantizer of its state, which no trellis produces; symbols are then incomplete.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static bool TryToSymbols(ReadOnlySpan<int> levels, Span<int> symbols)
    {
        UniformQuantizer.RequireSameLength(levels.Length, symbols.Length, nameof(symbols));
        int state = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            int level = levels[i];
            int symbol = SymbolOf(level, state);
            if (LevelOf(symbol, state) != level) return false;
            symbols[i] = symbol;
            state = NextState(state, symbol);
        }

        return true;
    }

    /// <summary>Turns coded symbols into levels, in coding order. The spans may be the same.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void ToLevels(ReadOnlySpan<int> symbols, Span<int> levels)
    {
        UniformQuantizer.RequireSameLength(symbols.Length, levels.Length, nameof(levels));
        int state = 0;
        for (int i = 0; i < symbols.Length; i++)
        {
            int symbol = symbols[i];
            levels[i] = LevelOf(symbol, state);
            state = NextState(state, symbol);
        }
    }
}
