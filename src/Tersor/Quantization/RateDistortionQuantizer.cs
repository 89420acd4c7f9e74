using System.Buffers;
using System.Runtime.CompilerServices;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// Uniform rate-distortion-optimized quantization: weight by weight in coding order, the level that is cheapest in error plus lambda times bits, priced by
/// the adaptive contexts that the coder will have at that place (NNC implementer's text, section 12.1; arXiv 1907.11900).
/// </summary>
/// <remarks>
/// Minimizes importance * ((weight - value) / step)^2 + f * bits with f = lambda * ln 2 / 6 over zero, the nearest level and the one next to it toward
/// zero, so that lambda means what the reference encoder's <c>lambda_scale</c> means and does not depend on the step. Lambda 0 is nearest rounding. On
/// equal cost the level nearer to zero is taken.
/// </remarks>
public static class RateDistortionQuantizer
{
    // More than any symbol costs.
    private const double MaxWorth = 1 << 30;

    /// <summary>Quantizes a tensor.</summary>
    /// <param name="weights">Finite weights, row-major.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="syntax">How the levels will be coded: dimensions, scan order and number of greater-than flags are used.</param>
    /// <param name="lambda">Weight of the rate, 0 or more.</param>
    /// <param name="importance">One factor per weight on its squared error, finite and not negative, mean 1 by convention; empty for all 1.</param>
    /// <param name="levels">Receives one level per weight, row-major; same length.</param>
    /// <exception cref="ArgumentException">
    /// A weight is NaN or infinite or leaves the range of 32-bit levels; lengths disagree; or the syntax is one of dependent quantization or a codebook.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">Step or lambda is no finite number of the allowed sign.</exception>
    public static void Quantize(
        ReadOnlySpan<float> weights, double step, in LevelSyntax syntax, double lambda, ReadOnlySpan<float> importance, Span<int> levels)
    {
        if (syntax.DependentQuantization || syntax.CodebookSize != 0)
            throw new ArgumentException("Uniform quantization is neither dependent nor has a codebook.", nameof(syntax));
        SequentialArguments.Check(weights, step, syntax, lambda, importance, levels);
        if (lambda == 0)
        {
            UniformQuantizer.Quantize(weights, step, levels);
            return;
        }

        SymbolRates rates = new(syntax.GreaterFlagCount);
        double errorScale = 6 / (lambda * Math.Log(2)) * RateTable.OneBit;
        BlockScan scan = new(syntax);
        if (!scan.Reorders)
        {
            QuantizeStretch(weights, step, importance, errorScale, rates, levels);
            return;
        }

        int scratchLength = scan.StretchCount == 0 ? 0 : scan[0].End.Value;
        float[] codedWeights = ArrayPool<float>.Shared.Rent(scratchLength);
        float[] codedImportance = ArrayPool<float>.Shared.Rent(importance.IsEmpty ? 0 : scratchLength);
        int[] codedLevels = ArrayPool<int>.Shared.Rent(scratchLength);
        for (int stretch = 0; stretch < scan.StretchCount; stretch++)
        {
            Range range = scan[stretch];
            int length = weights[range].Length;
            scan.Gather(weights[range], codedWeights.AsSpan(0, length));
            if (!importance.IsEmpty) scan.Gather(importance[range], codedImportance.AsSpan(0, length));
            rates.Reset();
            QuantizeStretch(
                codedWeights.AsSpan(0, length),
                step,
                importance.IsEmpty ? importance : codedImportance.AsSpan(0, length),
                errorScale,
                rates,
                codedLevels.AsSpan(0, length));
            scan.Scatter<int>(codedLevels.AsSpan(0, length), levels[range]);
        }

        ArrayPool<float>.Shared.Return(codedWeights);
        ArrayPool<float>.Shared.Return(codedImportance);
        ArrayPool<int>.Shared.Return(codedLevels);
    }

    private static void QuantizeStretch(
        ReadOnlySpan<float> weights, double step, ReadOnlySpan<float> importance, double errorScale, SymbolRates rates, Span<int> levels)
    {
        levels = levels[..weights.Length];
        int neighbour = SymbolRates.ZeroClass;
        for (int i = 0; i < weights.Length; i++)
        {
            double scaled = Math.Abs((double)weights[i]) / step;
            int magnitude = 0;
            int negative = BitConverter.SingleToInt32Bits(weights[i]) >>> 31;
            if (scaled >= 0.5)
            {
                double scale = importance.IsEmpty ? errorScale : errorScale * importance[i];
                magnitude = scaled < 1.5
                    ? ChooseOneOrZero(scaled, negative, scale, rates, neighbour)
                    : Choose(scaled, negative, scale, rates, neighbour);
            }

            if (magnitude == 0)
            {
                rates.LearnZero(0, neighbour);
                levels[i] = 0;
                neighbour = SymbolRates.ZeroClass;
            }
            else
            {
                int level = (magnitude ^ -negative) + negative;
                rates.LearnNonzero(level, 0, neighbour);
                levels[i] = level;
                neighbour = SymbolRates.PositiveClass - negative;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ChooseOneOrZero(double scaled, int negative, double scale, SymbolRates rates, int neighbour)
    {
        int dearer = rates.SignificanceCost(0, neighbour, 1) - rates.SignificanceCost(0, neighbour, 0)
            + rates.SignCost(neighbour, negative) + rates.CostOfOne(negative);
        return dearer < Worth((2 * scaled) - 1, scale) ? 1 : 0;
    }

    // The nearest magnitude, the one below, or zero.
    private static int Choose(double scaled, int negative, double scale, SymbolRates rates, int neighbour)
    {
        int magnitude = double.ConvertToIntegerNative<int>(scaled + 0.5);
        double distance = scaled - magnitude;
        if (rates.MagnitudeIncrement(magnitude, negative) >= Worth(1 + (2 * distance), scale))
        {
            magnitude--;
            distance++;
        }

        long dearer = rates.SignificanceCost(0, neighbour, 1) - rates.SignificanceCost(0, neighbour, 0)
            + rates.SignCost(neighbour, negative) + rates.MagnitudeCost(magnitude, negative);
        return dearer < Worth((scaled * scaled) - (distance * distance), scale) ? magnitude : 0;
    }

    // The least cost, in 1/32768 bit, that is too much to avoid an error for. Integers compare sooner than the coder's figures could be scaled.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Worth(double error, double scale) => double.ConvertToIntegerNative<int>(Math.Ceiling(double.MinNative(error * scale, MaxWorth)));
}
