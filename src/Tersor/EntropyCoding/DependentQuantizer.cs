using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tersor.EntropyCoding;

/// <summary>
/// The state machine of dependent quantization (NNC implementer's text, section 9.3). Even states use the even multiples of the step, odd states zero and
/// the odd multiples.
/// </summary>
internal static class DependentQuantizer
{
    /// <summary>How many states there are; every tensor starts in state 0.</summary>
    public const int StateCount = 8;

    private const int LevelClassCount = 4;

    // By level class: the state after each state, a byte each.
    private static readonly ulong[] StepsByLevel = MakeSteps();

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

    /// <summary>The state after a run of levels.</summary>
    /// <param name="state">0..7, before them.</param>
    /// <param name="levels">Levels, each of a state that can express it.</param>
    public static int StateAfter(int state, ReadOnlySpan<int> levels)
    {
        if (!Vector128.IsHardwareAccelerated) return StateAfterScalar(state, levels);

        // All eight states at once: a byte shuffle takes a cycle, and what it shuffles is loaded ahead of time.
        ref ulong steps = ref MemoryMarshal.GetArrayDataReference(StepsByLevel);
        Vector128<byte> states = Vector128.CreateScalar(0x07_06_05_04_03_02_01_00UL).AsByte();
        foreach (int level in levels)
            states = Vector128.ShuffleNative(Vector128.CreateScalar(Unsafe.Add(ref steps, (nuint)LevelClass(level))).AsByte(), states);
        return (int)(states.AsUInt64().ToScalar() >> (8 * state)) & (StateCount - 1);
    }

    /// <summary>The scalar twin of <see cref="StateAfter"/>.</summary>
    internal static int StateAfterScalar(int state, ReadOnlySpan<int> levels)
    {
        foreach (int level in levels) state = NextState(state, ToSymbol(state, level));
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

    // What decides the parity of a level's symbol in any state.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LevelClass(int level) => ((level ^ (level >> 31)) - (level >> 31)) & (LevelClassCount - 1);

    private static ulong[] MakeSteps()
    {
        ulong[] steps = new ulong[LevelClassCount];
        for (int level = 0; level < steps.Length; level++)
        {
            for (int state = 0; state < StateCount; state++) steps[level] |= (ulong)NextState(state, ToSymbol(state, level)) << (8 * state);
        }

        return steps;
    }

    /// <summary>Whether a level can be expressed from a state: zero always, else even levels from even states and odd levels from odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanExpress(int state, int level) => level == 0 || ((level ^ state) & 1) == 0;
}
