using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// The loop that nearly all time of decoding goes to: symbols without temporal contexts, history or a codebook's limits. What it needs from bin to bin stays
/// in registers, and it jumps on bins only where they decide what comes next.
/// </summary>
internal static class PlainRunDecoder
{
    private const int LargestExponent = 31;

    /// <summary>Decodes consecutive levels.</summary>
    /// <param name="decoder">Stands before the first bin; afterwards behind the last.</param>
    /// <param name="contexts">All contexts of the tensor, in the order of <see cref="ContextLayout"/>.</param>
    /// <param name="flagCount">N, 1..256; there are at least <see cref="ContextLayout.Greater"/> + 2 N contexts.</param>
    /// <param name="neighbourClass">Class of the symbol before.</param>
    /// <param name="quantizerState">State of the dependent quantizer.</param>
    /// <param name="levels">Receives the levels.</param>
    /// <returns>Whether all levels fit 32 bits; decoding stops at one that does not.</returns>
    // Optimized at once: most models are decoded before profiling would have paid, and where it did nothing was gained.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Decode<TRule>(
        scoped ref ArithmeticDecoder decoder,
        CodingContext[] contexts,
        int flagCount,
        scoped ref int neighbourClass,
        scoped ref int quantizerState,
        Span<int> levels)
        where TRule : struct, IQuantizerRule
    {
        ref CodingContext significances = ref MemoryMarshal.GetArrayDataReference(contexts);
        ref CodingContext signs = ref Unsafe.Add(ref significances, ContextLayout.Sign);
        ref CodingContext remainders = ref Unsafe.Add(ref significances, ContextLayout.Remainder);
        ref CodingContext greaters = ref Unsafe.Add(ref significances, ContextLayout.Greater);
        ref int level = ref MemoryMarshal.GetReference(levels);
        ref int end = ref Unsafe.Add(ref level, levels.Length);
        ArithmeticDecoder coder = decoder;
        int neighbour = neighbourClass;
        int state = quantizerState;
        bool fits = true;
        while (Unsafe.IsAddressLessThan(ref level, ref end))
        {
            coder.Refill();
            if (!coder.TakeBin(ref Unsafe.Add(ref significances, TRule.IsDependent ? (3 * state) + neighbour : neighbour)))
            {
                level = 0;
                level = ref Unsafe.Add(ref level, 1);
                neighbour = 0;
                if (TRule.IsDependent)
                {
                    state = DependentQuantizer.NextState(state, 0);
                    continue;
                }

                // A zero after a zero: the same context again and again, which stays in registers.
                CodingContext afterZero = significances;
                while (Unsafe.IsAddressLessThan(ref level, ref end) && !coder.TakeBin(ref afterZero))
                {
                    level = 0;
                    level = ref Unsafe.Add(ref level, 1);
                    coder.RefillWhenLow();
                }

                significances = afterZero;
                if (!Unsafe.IsAddressLessThan(ref level, ref end)) break;
            }

            int sign = coder.TakeUnforeseeableBin(ref Unsafe.Add(ref signs, neighbour));
            neighbour = 2 - sign;

            // Both candidates are at hand when the sign gets known.
            ulong widths = greaters.Widths ^ ((greaters.Widths ^ Unsafe.Add(ref greaters, 1).Widths) & (ulong)-(long)sign);
            ref CodingContext greater = ref Unsafe.Add(ref greaters, sign);
            ContextModel model = greater.Model;
            long magnitude = 1;
            if (coder.IsMoreProbable(widths) ? model.FavoursOne : !model.FavoursOne)
            {
                greater.Learn(model, 1);
                int flags = 1;
                for (; flags < flagCount; flags++)
                {
                    coder.Refill();
                    greater = ref Unsafe.Add(ref greater, 2);
                    if (!coder.TakeBin(ref greater)) break;
                }

                magnitude = flags + 1;
                if (flags == flagCount)
                {
                    int exponent = 0;
                    for (; exponent < LargestExponent; exponent++)
                    {
                        coder.Refill();
                        if (!coder.TakeBin(ref Unsafe.Add(ref remainders, exponent))) break;
                    }

                    magnitude = flagCount + (1L << exponent) + coder.DecodeBypassBits(exponent);
                    if ((TRule.IsDependent ? (2 * magnitude) - (state & 1) : magnitude) > int.MaxValue)
                    {
                        fits = false;
                        break;
                    }
                }
            }
            else
            {
                greater.Learn(model, 0);
            }

            int value = TRule.IsDependent ? (2 * (int)magnitude) - (state & 1) : (int)magnitude;
            if (TRule.IsDependent) state = DependentQuantizer.NextState(state, (int)magnitude);
            level = (value ^ -sign) + sign;
            level = ref Unsafe.Add(ref level, 1);
        }

        decoder = coder;
        neighbourClass = neighbour;
        quantizerState = state;
        return fits;
    }
}
