using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// The state machine of dependent quantization (NNC implementer's text, section 9.3). Even states use the even multiples of the step, odd states zero and
/// the odd multiples.
/// </summary>
internal static class DependentQuantizer
{
    /// <summary>How many states there are; every tensor starts in state 0.</summary>
    public const int StateCount = 8;

    // Four bits per entry, entry 2 * state + parity.
    private const ulong Transitions = 0x_64_13_75_02_46_31_57_20;

    /// <summary>The state after a symbol.</summary>
    /// <param name="state">0..7.</param>
    /// <param name="symbol">The symbol; only the parity of its magnitude counts.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NextState(int state, int symbol) => (int)(Transitions >> ((8 * state) + (4 * (symbol & 1)))) & 7;

    /// <summary>The state after a row of <paramref name="length"/> zeros that was skipped. Zeros permute the states with order 4.</summary>
    public static int SkipZeros(int state, int length)
    {
        for (int i = length & 3; i > 0; i--) state = NextState(state, 0);
        return state;
    }

    /// <summary>The level, in steps, that a symbol stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ToLevel(int state, long symbol) => (2 * symbol) - (Math.Sign(symbol) * (state & 1));

    /// <summary>The symbol that stands for a level; a level that the state cannot express becomes the nearest symbol above it in magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ToSymbol(int state, int level)
    {
        int magnitude = (int)(((uint)Math.Abs((long)level) + (uint)(state & 1)) >> 1);
        return level < 0 ? -magnitude : magnitude;
    }

    /// <summary>Whether a level can be expressed from a state: zero always, else even levels from even states and odd levels from odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanExpress(int state, int level) => level == 0 || ((level ^ state) & 1) == 0;
}
