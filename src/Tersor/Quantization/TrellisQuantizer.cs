using System.Numerics.Tensors;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// Dependent (trellis-coded) quantization: the best path through the 8-state machine, by the Viterbi algorithm with one survivor per
/// state (NNC implementer's text, sections 9.3 and 12.2). Values come back as level * step, see <see cref="UniformQuantizer.Dequantize"/>.
/// </summary>
/// <remarks>
/// <para>Minimizes the sum of importance * ((weight - value) / step)^2 + f * bits with f = lambda * 4 * ln 2 / 6 * 0.7, so that lambda means what the
/// reference encoder's <c>lambda_scale</c> means and does not depend on the step. With lambda 0 the path of least squared error is found exactly.</para>
/// <para>With a rate term, bits are priced by the adaptive contexts that the coder will have. Neighbours and significance contexts are followed along every
/// survivor; the contexts of signs and magnitudes are shared by the survivors and learn from the best one after every 32 weights.</para>
/// <para>A tensor of more than 2^20 weights is searched in segments of about that length, each from a run-up of 2^14 weights on, at whose end paths and contexts
/// do not depend on its start in practice; the path is one through all of them.</para>
/// </remarks>
public static class TrellisQuantizer
{
    /// <summary>Quantizes a tensor.</summary>
    /// <param name="weights">Finite weights, row-major.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="syntax">How the levels will be coded: dimensions, scan order and number of greater-than flags are used.</param>
    /// <param name="lambda">Weight of the rate, 0 or more.</param>
    /// <param name="importance">One factor per weight on its squared error, finite and not negative, mean 1 by convention; empty for all 1.</param>
    /// <param name="levels">Receives one level per weight, row-major; same length.</param>
    /// <exception cref="ArgumentException">
    /// A weight is NaN or infinite or leaves the range of 32-bit levels; lengths disagree; or the syntax is not one of dependent quantization.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">Step or lambda is no finite number of the allowed sign.</exception>
    public static void Quantize(
        ReadOnlySpan<float> weights, double step, in LevelSyntax syntax, double lambda, ReadOnlySpan<float> importance, Span<int> levels)
    {
        Check(weights, step, syntax, lambda, importance, levels);
        if (!weights.IsEmpty) MakeTrellis(weights, step, syntax, lambda).Run(weights, importance, levels);
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
        if (!weights.IsEmpty) MakeTrellis(weights.Span, step, syntax, lambda).Run(weights, importance, levels, parallel);
    }

    private static void Check(
        ReadOnlySpan<float> weights, double step, in LevelSyntax syntax, double lambda, ReadOnlySpan<float> importance, ReadOnlySpan<int> levels)
    {
        if (!syntax.DependentQuantization || syntax.CodebookSize != 0)
            throw new ArgumentException("The trellis makes levels for dependent quantization without a codebook.", nameof(syntax));
        SequentialArguments.Check(weights, step, syntax, lambda, importance, levels);
    }

    private static TensorTrellis MakeTrellis(ReadOnlySpan<float> weights, double step, in LevelSyntax syntax, double lambda)
    {
        if (lambda == 0) return new TensorTrellis(new BlockScan(syntax), () => new TrellisSearch(step, rates: null));
        double farthest = Math.Abs((double)TensorPrimitives.MaxMagnitude(weights)) / step;
        double rateWeight = lambda * 4 * Math.Log(2) / 6 * 0.7;
        int flagCount = syntax.GreaterFlagCount;
        int largestFirstPoint = TrellisBlock.FirstPoint((int)farthest);
        return new TensorTrellis(new BlockScan(syntax), () => new TrellisSearch(step, new TrellisRates(rateWeight, flagCount, largestFirstPoint)));
    }
}
