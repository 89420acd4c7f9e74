using Tersor.Quantization;

namespace Tersor.Bench;

/// <summary>The arrays of the benchmarks: N(0, 0.05^2), or the same with nine of ten weights at zero.</summary>
internal static class GaussianWeights
{
    /// <summary>Weights per array.</summary>
    public const int Count = 10_000_000;

    /// <summary>The step size at which they are quantized: about 2.5 bits per weight for the dense array.</summary>
    public const double Step = 0.0375;

    /// <summary>Makes the array that <paramref name="kind"/> names: <c>gaussian</c> or <c>sparse</c>.</summary>
    public static float[] Make(string kind)
    {
        SplitMix64 random = new(1);
        float[] weights = new float[Count];
        foreach (ref float weight in weights.AsSpan())
        {
            // Irwin-Hall: twelve uniform numbers less 6 are nearly Gaussian.
            long sum = 0;
            for (int i = 0; i < 12; i++) sum += random.NextBelow(1 << 24);
            bool kept = kind == "gaussian" || random.NextBelow(10) == 0;
            weight = kept ? 0.05f * ((sum / (float)(1 << 24)) - 6) : 0;
        }

        return weights;
    }
}
