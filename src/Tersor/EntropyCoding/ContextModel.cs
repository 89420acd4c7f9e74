using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// An adaptive binary probability made of two estimators of different speed, A (8 bits) and B (12 bits) (NNC implementer's text, section 7). The whole
/// state is one word, and an update is two table look-ups and two additions.
/// </summary>
/// <remarks>
/// Layout, from bit 0: A + 128 (8 bits), rate pair (2), zeros to bit 16; B + 2048 (12), zero (1), rate pair (2), zero (1); initialization index (4) at
/// bit 32; 16 A + B + 4096 (13 bits) at bit 51. The sum is kept beside its parts so that the six bits that select the less probable width lie at the top,
/// and the table entries change all three fields at once.
/// </remarks>
internal struct ContextModel
{
    /// <summary>How many initialization indices there are.</summary>
    public const int InitializationCount = 9;

    private const ulong AMask = 0x3FF;
    internal const int BShift = 16;
    private const int BGroupShift = 23;
    private const int IndexShift = 32;
    private const int ProbabilityShift = 51;
    private const int RateIndexShift = 54;
    private const int WidthIndexShift = 58;
    private static readonly ulong[] Initial = MakeInitial();

    private ulong _state;

    /// <summary>16 A + B, -4079..4079: bin 1 is more probable where it is not negative.</summary>
    public readonly int Probability => (int)(_state >> ProbabilityShift) - 4096;

    /// <summary>The coarse estimator, -127..127.</summary>
    public readonly int A => (int)(_state & 0xFF) - 128;

    /// <summary>The fine estimator, -2047..2047.</summary>
    public readonly int B => (int)((_state >> BShift) & 0xFFF) - 2048;

    /// <summary>Which of the nine starting points (section 7.3) the context was last set to.</summary>
    public readonly int InitializationIndex => (int)(_state >> IndexShift) & 15;

    /// <summary>Whether bin 1 is more probable now.</summary>
    public readonly bool FavoursOne => (long)_state < 0;

    /// <summary>The bin that is more probable now, 0 or 1.</summary>
    public readonly int MoreProbableBin => (int)(_state >> 63);

    /// <summary>Selects the costs of both bins in <see cref="RateTable.Table"/>: (Probability >> 3) + 512.</summary>
    public readonly int RateIndex => (int)(_state >> RateIndexShift);

    /// <summary>Selects the less probable width: (Probability >> 7) + 32.</summary>
    public readonly nint WidthIndex => (nint)(_state >> WidthIndexShift);

    /// <summary>The less probable width for each of the eight range classes, a byte each, the lowest for class 0 (section 6.3).</summary>
    public readonly unsafe ulong LessProbableWidths
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ContextTables.Start[ContextTables.WidthStart + WidthIndex];
    }

    /// <summary>Sets estimators and rates to a starting point of section 7.3.</summary>
    /// <param name="index">0..8.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Initialize(int index) => _state = Initial[index];

    /// <summary>Back to the starting point last set.</summary>
    public void Reset() => _state = Initial[InitializationIndex];

    /// <summary>Learns from a bin that was coded with this context.</summary>
    /// <param name="bin">0 or 1, nothing else.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update(int bin)
    {
        Update(LearningStep.For(bin));
    }

    /// <summary>Learns from a bin that many contexts learn from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Update(LearningStep step)
    {
        // Field widths and the guard bit of B bound both indices.
        ulong state = _state;
        ulong change = step.ChangesOfA[state & AMask] + step.ChangesOfB[((uint)state + step.RoundUp) >> BGroupShift];
        _state = state + change;
    }

    /// <summary>What is added to the word where A changes by <paramref name="delta"/>.</summary>
    internal static ulong ChangeOfA(int delta) => (ulong)(delta + ((16L * delta) << ProbabilityShift));

    /// <summary>What is added to the word where B changes by <paramref name="delta"/>.</summary>
    internal static ulong ChangeOfB(int delta) => (ulong)(((long)delta << BShift) + ((long)delta << ProbabilityShift));

    private static ulong[] MakeInitial()
    {
        ReadOnlySpan<byte> pairs = [0, 0, 0, 1, 2, 2, 2, 3, 3];
        ReadOnlySpan<short> startA = [0, -41, 95, 0, 30, 95, -21, 0, 30];
        ReadOnlySpan<short> startB = [0, -654, 1519, 0, 482, 1519, -337, 0, 482];
        ulong[] states = new ulong[InitializationCount];
        for (int index = 0; index < InitializationCount; index++)
        {
            ulong a = (uint)(startA[index] + 128);
            ulong b = (uint)(startB[index] + 2048);
            ulong sum = (uint)((16 * startA[index]) + startB[index] + 4096);
            ulong pair = pairs[index];
            states[index] = (sum << ProbabilityShift) | ((ulong)index << IndexShift) | (pair << 29) | (b << BShift) | (pair << 8) | a;
        }

        return states;
    }
}
