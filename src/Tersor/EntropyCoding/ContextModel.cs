using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

    internal const int WidthIndexShift = 58;
    private const int RateIndexShift = 54;
    private const int BShift = 16;
    private const int BGroupShift = 23;
    private const uint BRoundUp = 127u << BShift;
    private const int IndexShift = 32;
    private const int ProbabilityShift = 51;

    // A: by bin, rate pair and A + 128. B: by bin, rate pair and (B + 2048) / 128, rounded up for bin 0.
    private const int ABinStride = 4 * 256;
    private const int BBinStride = 4 * 64;
    private static readonly ulong[] ADeltas = MakeADeltas();
    private static readonly ulong[] BDeltas = MakeBDeltas();
    private static readonly ulong[] Initial = MakeInitial();

    private ulong _state;

    private static ReadOnlySpan<short> Steps =>
    [
        2512, 2288, 2064, 1840, 1616, 1392, 1168, 944, 720, 560, 464, 368, 272, 208, 144, 80,
        64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 0,
    ];

    // The four pairs of shift parameters (sa, sb) that occur.
    private static ReadOnlySpan<byte> ARates => [5, 4, 6, 7];

    private static ReadOnlySpan<byte> BRates => [4, 5, 6, 5];

    /// <summary>16 A + B, -4079..4079: bin 1 is more probable where it is not negative.</summary>
    public readonly int Probability => (int)(_state >> ProbabilityShift) - 4096;

    /// <summary>The coarse estimator, -127..127.</summary>
    public readonly int A => (int)(_state & 0xFF) - 128;

    /// <summary>The fine estimator, -2047..2047.</summary>
    public readonly int B => (int)((_state >> BShift) & 0xFFF) - 2048;

    /// <summary>Which of the nine starting points (section 7.3) the context was last set to.</summary>
    public readonly int InitializationIndex => (int)(_state >> IndexShift) & 15;

    /// <summary>The bin that is more probable now, 0 or 1.</summary>
    public readonly int MoreProbableBin => (int)(_state >> 63);

    /// <summary>Selects the less probable width in <see cref="LessProbableWidth"/>: (Probability >> 7) + 32.</summary>
    public readonly int WidthIndex => (int)(_state >> WidthIndexShift);

    /// <summary>Selects the costs of both bins in <see cref="RateTable.Table"/>: (Probability >> 3) + 512.</summary>
    public readonly int RateIndex => (int)(_state >> RateIndexShift);

    /// <summary>Sets estimators and rates to a starting point of section 7.3.</summary>
    /// <param name="index">0..8.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Initialize(int index) => _state = Initial[index];

    /// <summary>Back to the starting point last set.</summary>
    public void Reset() => _state = Initial[InitializationIndex];

    /// <summary>Learns from a bin that was coded with this context.</summary>
    /// <param name="bin">0 or 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update(int bin)
    {
        ulong state = _state;
        uint roundUp = BRoundUp & ((uint)bin - 1);

        // Field widths and the guard bit bound both indices; see the layout.
        ulong aDelta = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(ADeltas), (nint)(((uint)bin * ABinStride) + ((uint)state & 0x3FF)));
        ulong bDelta = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(BDeltas), (nint)(((uint)bin * BBinStride) + (((uint)state + roundUp) >> BGroupShift)));
        _state = state + aDelta + bDelta;
    }

    private static ulong[] MakeADeltas()
    {
        ulong[] deltas = new ulong[2 * ABinStride];
        for (int pair = 0; pair < ARates.Length; pair++)
        {
            for (int a = -127; a <= 127; a++)
            {
                deltas[(pair * 256) + a + 128] = ADelta(-(Steps[16 + (-a >> 3)] >> ARates[pair]));
                deltas[ABinStride + (pair * 256) + a + 128] = ADelta(Steps[16 + (a >> 3)] >> ARates[pair]);
            }
        }

        return deltas;
    }

    private static ulong[] MakeBDeltas()
    {
        ulong[] deltas = new ulong[2 * BBinStride];
        for (int pair = 0; pair < BRates.Length; pair++)
        {
            for (int group = 0; group < Steps.Length; group++)
            {
                deltas[(pair * 64) + group + 1] = BDelta(-(Steps[31 - group] >> BRates[pair]));
                deltas[BBinStride + (pair * 64) + group] = BDelta(Steps[group] >> BRates[pair]);
            }
        }

        return deltas;
    }

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

    private static ulong ADelta(int delta) => (ulong)(delta + ((16L * delta) << ProbabilityShift));

    private static ulong BDelta(int delta) => (ulong)(((long)delta << BShift) + ((long)delta << ProbabilityShift));
}
