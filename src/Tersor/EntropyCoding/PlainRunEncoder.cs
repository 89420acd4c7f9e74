using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// The loop that nearly all time of encoding goes to, the counterpart of <see cref="PlainRunDecoder"/>: levels without temporal contexts, history or a
/// codebook's limits.
/// </summary>
/// <typeparam name="TRule">The quantizer.</typeparam>
internal struct PlainRunEncoder<TRule> : ILevelVisitor
    where TRule : struct, IQuantizerRule
{
    private readonly ArithmeticEncoder _encoder;
    private readonly CodingContext[] _contexts;
    private readonly int _flagCount;
    private ArithmeticSink _borders;

    /// <summary>An encoder of runs of one tensor.</summary>
    /// <param name="encoder">Receives the bins.</param>
    /// <param name="contexts">All contexts of the tensor, in the order of <see cref="ContextLayout"/>.</param>
    /// <param name="flagCount">N, 1..256; there are at least <see cref="ContextLayout.Greater"/> + 2 N contexts.</param>
    /// <param name="borders">Does what is to be done between block rows.</param>
    public PlainRunEncoder(ArithmeticEncoder encoder, CodingContext[] contexts, int flagCount, ArithmeticSink borders)
    {
        _encoder = encoder;
        _contexts = contexts;
        _flagCount = flagCount;
        _borders = borders;
    }

    /// <inheritdoc/>
    public void EnterBlockRow(int quantizerState) => _borders.EnterBlockRow(quantizerState);

    /// <inheritdoc/>
    public readonly void EnterSample() => _borders.EnterSample();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A level cannot be coded: it is -2^31, or the quantizer's state does not have it.</exception>
    public readonly void Visit(ReadOnlySpan<int> levels, int start, ref SymbolPath path)
    {
        int state = path.State;
        if (!Encode(levels, ref path)) UncodableLevel.ThrowFirst(levels, start, TRule.IsDependent, state);
    }

    // Optimized at once: see PlainRunDecoder.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly bool Encode(ReadOnlySpan<int> levels, ref SymbolPath path)
    {
        int flagCount = _flagCount;
        ref CodingContext significances = ref MemoryMarshal.GetArrayDataReference(_contexts);
        ref CodingContext signs = ref Unsafe.Add(ref significances, ContextLayout.Sign);
        ref CodingContext remainders = ref Unsafe.Add(ref significances, ContextLayout.Remainder);
        ref CodingContext greaters = ref Unsafe.Add(ref significances, ContextLayout.Greater);
        ref int level = ref MemoryMarshal.GetReference(levels);
        ref int end = ref Unsafe.Add(ref level, levels.Length);
        EncoderRegisters coder = _encoder.Registers;
        int neighbour = ContextLayout.NeighbourClass(path.Neighbour);
        int state = path.State;
        int unsayable = 0;
        for (; Unsafe.IsAddressLessThan(ref level, ref end); level = ref Unsafe.Add(ref level, 1))
        {
            coder.FlushWhenHigh();
            ref CodingContext significance = ref Unsafe.Add(ref significances, TRule.IsDependent ? (3 * state) + neighbour : neighbour);
            if (level == 0)
            {
                coder.PutBin(ref significance, 0);
                neighbour = 0;
                if (TRule.IsDependent)
                {
                    state = DependentQuantizer.NextState(state, 0);
                    continue;
                }

                // A zero after a zero: the same context again and again, which stays in registers.
                CodingContext afterZero = significances;
                ref int next = ref Unsafe.Add(ref level, 1);
                for (; Unsafe.IsAddressLessThan(ref next, ref end) && next == 0; next = ref Unsafe.Add(ref next, 1))
                {
                    coder.FlushWhenHigh();
                    coder.PutBin(ref afterZero, 0);
                }

                significances = afterZero;
                level = ref Unsafe.Subtract(ref next, 1);
                continue;
            }

            coder.PutBin(ref significance, 1);
            int sign = level >>> 31;
            uint magnitude = (uint)((level ^ -sign) + sign);
            if (TRule.IsDependent)
            {
                unsayable |= (level ^ state) & 1;
                magnitude = (magnitude + (uint)(state & 1)) >> 1;
                state = DependentQuantizer.NextState(state, (int)magnitude);
            }

            coder.PutBin(ref Unsafe.Add(ref signs, neighbour), sign);
            neighbour = 2 - sign;
            ref CodingContext greater = ref Unsafe.Add(ref greaters, sign);
            if (magnitude == 1)
            {
                coder.PutBin(ref greater, 0);
                continue;
            }

            coder.PutBin(ref greater, 1);
            unsayable |= (int)(magnitude >> 31);
            int flags = (int)Math.Min(magnitude - 1, (uint)flagCount);
            for (int x = 1; x < flags; x++)
            {
                coder.FlushWhenHigh();
                greater = ref Unsafe.Add(ref greater, 2);
                coder.PutBin(ref greater, 1);
            }

            coder.FlushWhenHigh();
            if (flags < flagCount)
            {
                coder.PutBin(ref Unsafe.Add(ref greater, 2), 0);
                continue;
            }

            uint remainder = magnitude - (uint)flagCount;
            int exponent = BitOperations.Log2(remainder);
            for (int j = 0; j < exponent; j++)
            {
                coder.PutBin(ref Unsafe.Add(ref remainders, j), 1);
                coder.FlushWhenHigh();
            }

            coder.PutBin(ref Unsafe.Add(ref remainders, exponent), 0);
            coder.PutBypassBits(remainder - (1u << exponent), exponent);
        }

        _encoder.Registers = coder;
        path.Neighbour = neighbour == 2 ? 1 : -neighbour;
        path.State = state;
        return unsayable == 0;
    }
}
