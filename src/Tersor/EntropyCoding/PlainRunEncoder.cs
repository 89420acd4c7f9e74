using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// The loop that nearly all time of encoding goes to, the counterpart of <see cref="PlainRunDecoder"/>: levels without temporal contexts, history or a
/// codebook's limits.
/// </summary>
internal static class PlainRunEncoder
{
    /// <summary>Encodes consecutive levels.</summary>
    /// <param name="encoder">Receives the bins.</param>
    /// <param name="contexts">All contexts of the tensor, in the order of <see cref="ContextLayout"/>.</param>
    /// <param name="flagCount">N, 1..256; there are at least <see cref="ContextLayout.Greater"/> + 2 N contexts.</param>
    /// <param name="neighbourClass">Class of the symbol before.</param>
    /// <param name="quantizerState">State of the dependent quantizer.</param>
    /// <param name="levels">The levels.</param>
    /// <returns>
    /// Whether every level could be said; where one could not (it is -2^31, or the quantizer's state does not have it), what was written is worthless.
    /// </returns>
    public static bool Encode<TRule>(
        ref EncoderRegisters encoder, CodingContext[] contexts, int flagCount, ref int neighbourClass, ref int quantizerState, ReadOnlySpan<int> levels)
        where TRule : struct, IQuantizerRule
    {
        ref CodingContext significances = ref MemoryMarshal.GetArrayDataReference(contexts);
        ref CodingContext signs = ref Unsafe.Add(ref significances, ContextLayout.Sign);
        ref CodingContext remainders = ref Unsafe.Add(ref significances, ContextLayout.Remainder);
        ref CodingContext greaters = ref Unsafe.Add(ref significances, ContextLayout.Greater);
        ref int level = ref MemoryMarshal.GetReference(levels);
        ref int end = ref Unsafe.Add(ref level, levels.Length);
        EncoderRegisters coder = encoder;
        int neighbour = neighbourClass;
        int state = quantizerState;
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

        encoder = coder;
        neighbourClass = neighbour;
        quantizerState = state;
        return unsayable == 0;
    }
}
