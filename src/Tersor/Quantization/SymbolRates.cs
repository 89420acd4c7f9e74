using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// What symbols would cost at this point of a tensor: a copy of the contexts that the coder will have there, which learns from the symbols that the
/// quantizer settles on (NNC implementer's text, sections 8.2 and 8.3). The coder itself is never touched.
/// </summary>
internal sealed class SymbolRates
{
    /// <summary>The neighbour class of a symbol that is zero, negative or positive.</summary>
    public const int ZeroClass = 0, NegativeClass = 1, PositiveClass = 2;

    private const int SignBase = 3 * DependentQuantizer.StateCount;
    private const int GreaterBase = SignBase + 3;
    private const int RemainderCount = 32;
    private readonly ContextModel[] _contexts;
    private readonly int _greaterFlagCount;
    private readonly int _remainderBase;

    /// <param name="greaterFlagCount">N, 1..256.</param>
    public SymbolRates(int greaterFlagCount)
    {
        _greaterFlagCount = greaterFlagCount;
        _remainderBase = GreaterBase + (2 * greaterFlagCount);
        _contexts = new ContextModel[_remainderBase + RemainderCount];
        Reset();
    }

    private SymbolRates(SymbolRates other)
    {
        _greaterFlagCount = other._greaterFlagCount;
        _remainderBase = other._remainderBase;
        _contexts = [.. other._contexts];
    }

    /// <summary>The neighbour class of a symbol.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ClassOf(int symbol) => symbol == 0 ? ZeroClass : PositiveClass + (symbol >> 31);

    /// <summary>An independent copy.</summary>
    public SymbolRates Clone() => new(this);

    /// <summary>All contexts as at the start of a tensor or of a block row, with initialization index 0.</summary>
    public void Reset()
    {
        foreach (ref ContextModel context in _contexts.AsSpan()) context.Initialize(0);
    }

    /// <summary>Cost of the significance bin, in 1/32768 bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SignificanceCost(int state, int neighbourClass, int bin) => Cost((3 * state) + neighbourClass, bin);

    /// <summary>Cost of the sign bin (1: negative), in 1/32768 bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SignCost(int neighbourClass, int negative) => Cost(SignBase + neighbourClass, negative);

    /// <summary>Cost of everything after the sign of a symbol of magnitude 1, in 1/32768 bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CostOfOne(int negative) => Cost(GreaterBase + negative, 0);

    /// <summary>Cost of everything after the sign, in 1/32768 bit.</summary>
    /// <param name="magnitude">1 or more.</param>
    /// <param name="negative">1 for negative symbols, else 0.</param>
    public long MagnitudeCost(int magnitude, int negative)
    {
        long cost = 0;
        int context = GreaterBase + negative;
        int flags = Math.Min(magnitude - 1, _greaterFlagCount);
        for (int x = 0; x < flags; x++, context += 2) cost += Cost(context, 1);
        return magnitude <= _greaterFlagCount ? cost + Cost(context, 0) : cost + RemainderCost(magnitude - _greaterFlagCount - 1);
    }

    /// <summary>Cost of a magnitude less that of the one below, in 1/32768 bit.</summary>
    /// <param name="magnitude">2 or more.</param>
    /// <param name="negative">1 for negative symbols, else 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long MagnitudeIncrement(int magnitude, int negative)
    {
        if (magnitude > _greaterFlagCount) return MagnitudeCost(magnitude, negative) - MagnitudeCost(magnitude - 1, negative);
        int context = GreaterBase + (2 * (magnitude - 2)) + negative;
        return Cost(context, 1) + Cost(context + 2, 0) - Cost(context, 0);
    }

    /// <summary>Costs of the magnitudes 1, 2, ..., in 1/32768 bit.</summary>
    public void MagnitudeCosts(int negative, Span<int> costs)
    {
        int shared = 0;
        for (int i = 0; i < costs.Length; i++)
        {
            if (i >= _greaterFlagCount)
            {
                costs[i] = shared + (int)RemainderCost(i - _greaterFlagCount);
                continue;
            }

            int context = GreaterBase + (2 * i) + negative;
            costs[i] = shared + Cost(context, 0);
            shared += Cost(context, 1);
        }
    }

    /// <summary>Updates the contexts as coding a zero does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LearnZero(int state, int neighbourClass) => At((3 * state) + neighbourClass).Update(0);

    /// <summary>Updates the contexts as coding a symbol that is not zero does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LearnNonzero(int symbol, int state, int neighbourClass)
    {
        At((3 * state) + neighbourClass).Update(1);
        LearnSignAndMagnitude(symbol, neighbourClass);
    }

    /// <summary>Updates the contexts of sign and magnitude.</summary>
    /// <param name="symbol">Not zero.</param>
    /// <param name="neighbourClass">Class of the symbol before.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LearnSignAndMagnitude(int symbol, int neighbourClass)
    {
        int negative = symbol >>> 31;
        int magnitude = (symbol ^ -negative) + negative;
        At(SignBase + neighbourClass).Update(negative);
        if (magnitude == 1) At(GreaterBase + negative).Update(0);
        else LearnMagnitude(magnitude, negative);
    }

    private void LearnMagnitude(int magnitude, int negative)
    {
        int context = GreaterBase + negative;
        int flags = Math.Min(magnitude - 1, _greaterFlagCount);
        for (int x = 0; x < flags; x++, context += 2) At(context).Update(1);
        if (magnitude <= _greaterFlagCount)
        {
            At(context).Update(0);
            return;
        }

        int prefix = BitOperations.Log2((uint)(magnitude - _greaterFlagCount));
        for (int j = 0; j < prefix; j++) At(_remainderBase + j).Update(1);
        At(_remainderBase + prefix).Update(0);
    }

    // Exp-Golomb of order 0: one context per prefix bin, bypass suffix.
    private long RemainderCost(int remainder)
    {
        int prefix = BitOperations.Log2((uint)remainder + 1);
        long cost = (long)prefix * RateTable.OneBit;
        for (int j = 0; j < prefix; j++) cost += Cost(_remainderBase + j, 1);
        return cost + Cost(_remainderBase + prefix, 0);
    }

    // A rate index has ten bits, half of the table's eleven.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Cost(int context, int bin) =>
        Unsafe.Add(ref MemoryMarshal.GetReference(RateTable.Table), (nuint)((2 * At(context).RateIndex) + bin));

    // Callers are bounded by N, by the three classes and eight states, and by the 31 bits of a magnitude.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ContextModel At(int context) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_contexts), context);
}
