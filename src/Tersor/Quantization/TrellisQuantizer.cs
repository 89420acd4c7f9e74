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
        if (!syntax.DependentQuantization || syntax.CodebookSize != 0)
            throw new ArgumentException("The trellis makes levels for dependent quantization without a codebook.", nameof(syntax));
        SequentialArguments.Check(weights, step, syntax, lambda, importance, levels);
        if (weights.IsEmpty) return;

        double farthest = Math.Abs((double)TensorPrimitives.MaxMagnitude(weights)) / step;
        TrellisRates? rates = lambda == 0
            ? null
            : new TrellisRates(lambda * 4 * Math.Log(2) / 6 * 0.7, syntax.GreaterFlagCount, TrellisBlock.FirstPoint((int)farthest));
        new TrellisSearch(step, rates).Run(weights, importance, new BlockScan(syntax), levels);
    }
}
