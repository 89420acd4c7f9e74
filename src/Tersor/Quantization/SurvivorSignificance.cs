using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// How probable significance is in each of its 24 contexts, along each of the eight survivors of a trellis: every survivor has its own figures, as each
/// would leave the coder in another state. Where all is zero for long, what paths save depends on just that.
/// </summary>
/// <remarks>
/// A context is one 16-bit estimate here, 2^15 (probability - 1/2), that moves by 1/32 of its error: eight survivors fit a vector, and a decision permutes
/// its lanes. Measured against copies of the coder's own context models, this costs less than 0.2 % of the objective.
/// </remarks>
internal sealed class SurvivorSignificance
{
    private const int StateCount = DependentQuantizer.StateCount;
    private const int ClassCount = 3;
    private const int ContextCount = ClassCount * StateCount;
    private const int AdaptationShift = 5;
    private const int CostIndexShift = 4;
    private const int CostCount = 1 << (15 - CostIndexShift);

    // Estimates stay within this far of 0, a probability of 0.0066: the coder's contexts saturate there.
    private const short Certain = 16168;
    private const short HalfStep = 1 << (AdaptationShift - 1);

    // By which states are best reached by an odd symbol: byte shuffle that brings 16-bit lanes from origins to states.
    private static readonly byte[] Permutations = MakePermutations();
    private static readonly int[] Costs = MakeCosts();

    // The rates of a zero and of a nonzero symbol side by side, by estimate.
    private readonly double[] _ratePairs = new double[CostCount];

    // Row 3 s + class: the context, lane by survivor.
    private short[] _estimates = new short[ContextCount * StateCount];
    private short[] _next = new short[ContextCount * StateCount];
    private readonly int[] _positions = new int[StateCount];

    /// <param name="unit">What 1/32768 bit is worth, in units of the distortion.</param>
    public SurvivorSignificance(float unit)
    {
        Span<float> rates = MemoryMarshal.Cast<double, float>(_ratePairs.AsSpan());
        for (int i = 0; i < CostCount; i++)
        {
            rates[2 * i] = unit * Costs[CostCount - 1 - i];
            rates[(2 * i) + 1] = unit * Costs[i];
        }
    }

    /// <summary>All contexts as at the start of a tensor or of a block row.</summary>
    public void Reset() => _estimates.AsSpan().Clear();

    /// <summary>What the significance bin costs the survivors, lane by state.</summary>
    /// <param name="nonzero">All ones in lane s: the last symbol of the survivor in state s was not zero.</param>
    /// <param name="nonzeroClass">Neighbour class of those that were not.</param>
    /// <param name="zeroRates">Rates of zero.</param>
    /// <param name="nonzeroRates">Rates of anything else.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Rates(Vector256<int> nonzero, int nonzeroClass, out Vector256<float> zeroRates, out Vector256<float> nonzeroRates)
    {
        ref int positions = ref MemoryMarshal.GetArrayDataReference(_positions);
        const int Diagonal = (ClassCount * StateCount) + 1;
        Vector256<int> zeroClass = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7) * Diagonal;
        (zeroClass + (nonzero & Vector256.Create(nonzeroClass * StateCount))).StoreUnsafe(ref positions);
        Vector256<float> outer = Vector256.Create(Pair(ref positions, 0), Pair(ref positions, 1), Pair(ref positions, 4), Pair(ref positions, 5)).AsSingle();
        Vector256<float> inner = Vector256.Create(Pair(ref positions, 2), Pair(ref positions, 3), Pair(ref positions, 6), Pair(ref positions, 7)).AsSingle();
        Vector256<float> fromOuter = Vector256.Create(-1, -1, 0, 0, -1, -1, 0, 0).AsSingle();
        zeroRates = Vector256.ConditionalSelect(
            fromOuter,
            Vector256.Shuffle(outer, Vector256.Create(0, 2, 0, 2, 4, 6, 4, 6)),
            Vector256.Shuffle(inner, Vector256.Create(0, 2, 0, 2, 4, 6, 4, 6)));
        nonzeroRates = Vector256.ConditionalSelect(
            fromOuter,
            Vector256.Shuffle(outer, Vector256.Create(1, 3, 1, 3, 5, 7, 5, 7)),
            Vector256.Shuffle(inner, Vector256.Create(1, 3, 1, 3, 5, 7, 5, 7)));
    }

    /// <summary>The survivors after a weight: each takes over its origin's estimates and learns the bin that was chosen.</summary>
    /// <param name="oddWins">Bit d: state d is reached by an odd symbol.</param>
    /// <param name="nonzero">As given to <see cref="Rates"/>.</param>
    /// <param name="nonzeroClass">As given to <see cref="Rates"/>.</param>
    /// <param name="nonzeroNow">All ones in lane d: state d is reached by a symbol that is not zero.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int oddWins, Vector256<int> nonzero, int nonzeroClass, Vector256<int> nonzeroNow)
    {
        ref short estimates = ref MemoryMarshal.GetArrayDataReference(_estimates);
        ref short next = ref MemoryMarshal.GetArrayDataReference(_next);
        Vector128<byte> permutation = Vector128.LoadUnsafe(
            ref MemoryMarshal.GetArrayDataReference(Permutations), (nuint)((oddWins & 0xFF) * Vector128<byte>.Count));
        Vector256<byte> fromOrigins = Vector256.Create(permutation, permutation);
        Vector128<short> used = Vector128.Create((short)0, 3, 6, 9, 12, 15, 18, 21) + (Narrow(nonzero) & Vector128.Create((short)nonzeroClass));
        Vector128<short> goal = (Narrow(nonzeroNow) & Vector128.Create((short)(2 * Certain))) + Vector128.Create((short)(HalfStep - Certain));
        Vector256<short> usedTwice = Permute(Vector256.Create(used, used), fromOrigins);
        Vector256<short> goalTwice = Vector256.Create(goal, goal);

        // Two contexts at a time, in the halves of a vector.
        Vector256<short> contexts = Vector256.Create(Vector128<short>.Zero, Vector128<short>.One);
        for (nuint i = 0; i < ContextCount * StateCount; i += 2 * StateCount)
        {
            Vector256<short> estimate = Permute(Vector256.LoadUnsafe(ref estimates, i), fromOrigins);
            estimate += ((goalTwice - estimate) >> AdaptationShift) & Vector256.Equals(usedTwice, contexts);
            estimate.StoreUnsafe(ref next, i);
            contexts += Vector256.Create((short)2);
        }

        (_estimates, _next) = (_next, _estimates);
    }

    /// <summary>The scalar twin of <see cref="Advance"/>.</summary>
    public void AdvanceScalar(int decision, Vector256<int> nonzero, int nonzeroClass)
    {
        for (int state = 0; state < StateCount; state++)
        {
            int origin = TrellisSearch.Undo(decision, state, out _, out int nonzeroNow);
            for (int context = 0; context < ContextCount; context++)
                _next[(context * StateCount) + state] = _estimates[(context * StateCount) + origin];
            int used = (ClassCount * origin) + (nonzero[origin] & nonzeroClass);
            ref short estimate = ref _next[(used * StateCount) + state];
            estimate += (short)(((nonzeroNow & (2 * Certain)) + HalfStep - Certain - estimate) >> AdaptationShift);
        }

        (_estimates, _next) = (_next, _estimates);
    }

    // The same shuffle of either half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Permute(Vector256<short> lanes, Vector256<byte> permutation)
    {
        if (Avx2.IsSupported) return Avx2.Shuffle(lanes.AsByte(), permutation).AsInt16();
        return Vector256.Create(
            Vector128.ShuffleNative(lanes.GetLower().AsByte(), permutation.GetLower()),
            Vector128.ShuffleNative(lanes.GetUpper().AsByte(), permutation.GetUpper())).AsInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Narrow(Vector256<int> lanes) => Vector128.Narrow(lanes.GetLower(), lanes.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private double Pair(ref int positions, int state)
    {
        int estimate = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_estimates), (nuint)Unsafe.Add(ref positions, state));
        return Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_ratePairs), (nuint)((estimate + 0x4000) >> CostIndexShift));
    }

    private static byte[] MakePermutations()
    {
        byte[] permutations = new byte[256 * 2 * StateCount];
        for (int i = 0; i < permutations.Length; i++)
        {
            int state = (i / 2) % StateCount;
            int odd = ((i / (2 * StateCount)) >> state) & 1;
            permutations[i] = (byte)((2 * TrellisSearch.Origin(state, odd)) + (i & 1));
        }

        return permutations;
    }

    // -log2 of the middle of each interval of probabilities, in 1/32768 bit, digit by digit so that every machine has the same table.
    private static int[] MakeCosts()
    {
        int[] costs = new int[CostCount];
        for (int i = 0; i < CostCount; i++)
        {
            double mantissa = (i + 0.5) / CostCount;
            int cost = 0;
            for (; mantissa < 1; mantissa *= 2) cost += RateTable.OneBit;
            for (int digit = RateTable.OneBit / 2; digit > 0; digit /= 2)
            {
                mantissa *= mantissa;
                if (mantissa < 2) continue;
                mantissa /= 2;
                cost -= digit;
            }

            costs[i] = cost;
        }

        return costs;
    }
}
