using System.Numerics.Tensors;
using Tersor.Quantization;

namespace Tersor.Plans;

/// <summary>
/// What a quality means for a tensor: the step size, from the quality and from the tensor itself. Calibrated on real models; docs/quality.md has the drop that
/// each quality costs.
/// </summary>
/// <remarks>
/// Without data, the noise of a layer is judged by its size against the layer's weights, step / rms, and its cost by the number of weights: n * log2(rms / step) bits.
/// The least sum of squared relative noise at a given number of bits has steps in proportion to rms * sqrt(n): large layers take the coarse steps.
/// </remarks>
internal static class QualityScale
{
    // At quality 50 a tensor of ReferenceCount weights takes steps of this share of its root mean square, on the finer grid of dependent quantization.
    private const double WeightStepShare = 0.1;
    private const double ReferenceCount = 9216;

    // About the largest tensor that the scale was measured on: beyond it steps grow no further, else a matrix of 4096 x 4096 would come out as zeros.
    private const int LargestCount = 1 << 19;

    // Vectors hold biases and batch-norm statistics: few values, each of which moves a whole channel.
    private const double VectorStepShare = 1.0 / 64;

    // Sixteen points of quality halve the step: 2^(i/16), written out so that every machine takes the same step.
    private static readonly double[] Sixteenths =
    [
        1.0, 1.0442737824274138, 1.0905077326652577, 1.1387886347566916,
        1.189207115002721, 1.241857812073484, 1.2968395546510096, 1.3542555469368927,
        1.4142135623730951, 1.4768261459394993, 1.5422108254079407, 1.6104903319492543,
        1.681792830507429, 1.7562521603732995, 1.8340080864093424, 1.9152065613971474,
    ];

    /// <summary>QP of a tensor with two or more dimensions.</summary>
    public static int WeightQp(ReadOnlySpan<float> values, int quality, TensorMethod method)
    {
        double scale = RootMeanSquare(values);
        if (!(scale > 0) || !double.IsFinite(scale)) return 0;
        double step = scale * Math.Sqrt(Math.Min(values.Length, LargestCount) / ReferenceCount) * WeightStepShare * Coarseness(quality);
        return StepSize.ToQp(method.IsDependent() ? step : step * StepSize.UniformRatio);
    }

    /// <summary>QP of a tensor with one dimension.</summary>
    public static int VectorQp(ReadOnlySpan<float> values, int quality)
    {
        double scale = LowDecile(values);
        if (!(scale > 0)) scale = RootMeanSquare(values) / 16;
        return scale > 0 && double.IsFinite(scale) ? StepSize.ToQp(scale * VectorStepShare * Coarseness(quality)) : 0;
    }

    // 2^((50 - quality) / 16).
    private static double Coarseness(int quality) => Math.ScaleB(Sixteenths[(50 - quality) & 15], (50 - quality) >> 4);

    private static double RootMeanSquare(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values) sum += (double)value * value;
        return values.IsEmpty ? 0 : Math.Sqrt(sum / values.Length);
    }

    // The magnitude that a tenth of the values stay under: variances and scales span orders of magnitude, and the small ones matter as much.
    private static double LowDecile(ReadOnlySpan<float> values)
    {
        float[] magnitudes = new float[values.Length];
        TensorPrimitives.Abs(values, magnitudes);
        Array.Sort(magnitudes);
        return magnitudes.Length == 0 ? 0 : magnitudes[magnitudes.Length / 10];
    }
}
