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
/// equal cost the level nearer to zero is taken. In a tensor of more than 2^20 weights that is coded row by row, every 2^20 weights the contexts start anew
/// from a run-up of 2^14 weights, by which they come about to where they were.
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
        Check(weights, step, syntax, lambda, importance, levels);
        Settings settings = new(step, syntax, lambda);
        for (int segment = 0; segment < settings.Scan.SegmentCount; segment++) QuantizeSegment(settings, segment, weights, importance, levels, CancellationToken.None);
    }

    /// <summary>Quantizes a tensor, a large one in segments side by side. The levels do not depend on the number of threads.</summary>
    /// <param name="weights">Finite weights, row-major.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="syntax">How the levels will be coded: dimensions, scan order and number of greater-than flags are used.</param>
    /// <param name="lambda">Weight of the rate, 0 or more.</param>
    /// <param name="importance">One factor per weight on its squared error, finite and not negative, mean 1 by convention; empty for all 1.</param>
    /// <param name="levels">Receives one level per weight, row-major; same length.</param>
    /// <param name="parallel">How many threads, and what stops the work; the token is checked every few thousand weights.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; the levels are worthless.</exception>
    /// <inheritdoc cref="Quantize(ReadOnlySpan{float}, double, in LevelSyntax, double, ReadOnlySpan{float}, Span{int})"/>
    public static void Quantize(
        ReadOnlyMemory<float> weights, double step, in LevelSyntax syntax, double lambda, ReadOnlyMemory<float> importance, Memory<int> levels, ParallelOptions parallel)
    {
        ArgumentNullException.ThrowIfNull(parallel);
        Check(weights.Span, step, syntax, lambda, importance.Span, levels.Span);
        Settings settings = new(step, syntax, lambda);
        Parallel.For(
            0,
            settings.Scan.SegmentCount,
            parallel,
            segment => QuantizeSegment(settings, segment, weights.Span, importance.Span, levels.Span, parallel.CancellationToken));
    }

    private static void Check(
        ReadOnlySpan<float> weights, double step, in LevelSyntax syntax, double lambda, ReadOnlySpan<float> importance, ReadOnlySpan<int> levels)
    {
        if (syntax.DependentQuantization || syntax.CodebookSize != 0)
            throw new ArgumentException("Uniform quantization is neither dependent nor has a codebook.", nameof(syntax));
        SequentialArguments.Check(weights, step, syntax, lambda, importance, levels);
    }

    private static void QuantizeSegment(
        Settings settings, int segment, ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<int> levels, CancellationToken cancellationToken)
    {
        BlockScan scan = settings.Scan;
        (int first, int end) = scan.StretchesOf(segment);
        if (settings.IsNearest)
        {
            Range all = scan[first].Start..scan[end - 1].End;
            UniformQuantizer.Quantize(weights[all], settings.Step, levels[all]);
            return;
        }

        Run run = new(settings);
        if (!scan.Reorders)
        {
            Range range = scan[first];
            if (first > 0) run.LearnFrom(Last(weights[..range.Start]), Last(Of(importance, ..range.Start)));
            run.Quantize(weights[range], Of(importance, range), levels[range], cancellationToken);
            return;
        }

        float[] codedWeights = ArrayPool<float>.Shared.Rent(scan.StretchLength);
        float[] codedImportance = ArrayPool<float>.Shared.Rent(importance.IsEmpty ? 0 : scan.StretchLength);
        int[] codedLevels = ArrayPool<int>.Shared.Rent(scan.StretchLength);
        for (int stretch = first; stretch < end; stretch++)
        {
            Range range = scan[stretch];
            int length = weights[range].Length;
            scan.Gather(weights[range], codedWeights.AsSpan(0, length));
            if (!importance.IsEmpty) scan.Gather(importance[range], codedImportance.AsSpan(0, length));
            run.Restart();
            run.Quantize(
                codedWeights.AsSpan(0, length),
                importance.IsEmpty ? importance : codedImportance.AsSpan(0, length),
                codedLevels.AsSpan(0, length),
                cancellationToken);
            scan.Scatter<int>(codedLevels.AsSpan(0, length), levels[range]);
        }

        ArrayPool<float>.Shared.Return(codedWeights);
        ArrayPool<float>.Shared.Return(codedImportance);
        ArrayPool<int>.Shared.Return(codedLevels);
    }

    private static ReadOnlySpan<float> Of(ReadOnlySpan<float> importance, Range range) => importance.IsEmpty ? importance : importance[range];

    private static ReadOnlySpan<float> Last(ReadOnlySpan<float> weights) => weights[Math.Max(0, weights.Length - BlockScan.RunUpLength)..];

    private sealed class Settings
    {
        public Settings(double step, in LevelSyntax syntax, double lambda)
        {
            Step = step;
            IsNearest = lambda == 0;
            ErrorScale = 6 / (lambda * Math.Log(2)) * RateTable.OneBit;
            GreaterFlagCount = syntax.GreaterFlagCount;
            Scan = new BlockScan(syntax);
        }

        public double Step { get; }

        public bool IsNearest { get; }

        public double ErrorScale { get; }

        public int GreaterFlagCount { get; }

        public BlockScan Scan { get; }
    }

    // What goes on from weight to weight in coding order.
    private sealed class Run(Settings settings)
    {
        private const int WeightsBetweenChecks = 1 << 14;

        private readonly SymbolRates _rates = new(settings.GreaterFlagCount);
        private int _neighbour = SymbolRates.ZeroClass;

        public void Restart()
        {
            _rates.Reset();
            _neighbour = SymbolRates.ZeroClass;
        }

        public void LearnFrom(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance)
        {
            int[] levels = ArrayPool<int>.Shared.Rent(weights.Length);
            _neighbour = QuantizeStretch(weights, settings.Step, importance, settings.ErrorScale, _rates, _neighbour, levels);
            ArrayPool<int>.Shared.Return(levels);
        }

        public void Quantize(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<int> levels, CancellationToken cancellationToken)
        {
            for (int start = 0; start < weights.Length; start += WeightsBetweenChecks)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Range part = start..Math.Min(weights.Length, start + WeightsBetweenChecks);
                _neighbour = QuantizeStretch(weights[part], settings.Step, Of(importance, part), settings.ErrorScale, _rates, _neighbour, levels[part]);
            }
        }
    }

    // Returns the neighbour class of what follows. Optimized at once, as PlainRunDecoder is.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int QuantizeStretch(
        ReadOnlySpan<float> weights, double step, ReadOnlySpan<float> importance, double errorScale, SymbolRates rates, int neighbour, Span<int> levels)
    {
        levels = levels[..weights.Length];
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

        return neighbour;
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
