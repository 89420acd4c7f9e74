using System.Numerics.Tensors;

namespace Tersor.Quantization;

/// <summary>Keeps levels inside what the bitstream can carry, by coarser steps (NNC implementer's text, section 12.3).</summary>
public static class LevelRange
{
    /// <summary>
    /// The largest |weight| / step that is quantized: 2^31 - 1024. Levels are 32-bit integers; the rest is room for rounding in single precision and for the
    /// trellis's neighbouring grid points.
    /// </summary>
    public const int MaxMagnitude = int.MaxValue - 1023;

    /// <summary>The smallest QP, not below <paramref name="qp"/>, at which every weight is at most <see cref="MaxMagnitude"/> steps from zero.</summary>
    /// <param name="weights">Finite weights; may be empty.</param>
    /// <param name="qp">The quantization parameter asked for.</param>
    /// <param name="density">QP density, 0..7.</param>
    /// <exception cref="ArgumentException">A weight is NaN or infinite.</exception>
    /// <remarks>The result may exceed <see cref="StepSize.MaxQp"/>: such a tensor cannot be quantized with that density.</remarks>
    public static int RaiseQp(ReadOnlySpan<float> weights, int qp, int density = StepSize.DefaultDensity)
    {
        NonFiniteWeight.Refuse(weights);
        if (weights.IsEmpty) return qp;
        double largest = Math.Abs((double)TensorPrimitives.MaxMagnitude(weights));
        if (largest == 0) return qp;
        double smallestStep = largest / MaxMagnitude;
        int raised = Math.Max(qp, Math.ILogB(smallestStep) << density);
        while (StepSize.FromQp(raised, density) < smallestStep) raised++;
        return raised;
    }

    /// <summary>Refuses a step that is no positive finite number, and weights that are not finite or too many steps from zero.</summary>
    internal static void Refuse(ReadOnlySpan<float> weights, double step)
    {
        RefuseStep(step);
        NonFiniteWeight.Refuse(weights);
        if (weights.IsEmpty) return;
        int index = TensorPrimitives.IndexOfMaxMagnitude(weights);
        if (Math.Abs((double)weights[index]) / step > MaxMagnitude) Refuse(index, weights[index], step);
    }

    /// <summary>Refuses a step that is no positive finite number.</summary>
    internal static void RefuseStep(double step)
    {
        if (!(step > 0) || double.IsInfinity(step)) throw new ArgumentOutOfRangeException(nameof(step), "A step size is a positive finite number.");
    }

    /// <summary>Refuses one weight that is not finite or too many steps from zero.</summary>
    internal static void Refuse(int index, float weight, double step)
    {
        string problem = float.IsFinite(weight)
            ? $"is {weight:R}, too many steps of {step:R} from zero for a 32-bit level; take a larger step."
            : $"is {(float.IsNaN(weight) ? "NaN" : "infinite")}; store the tensor exactly or replace the value.";
        throw new ArgumentException($"Weight {index} {problem}");
    }
}
