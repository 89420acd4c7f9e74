using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

/// <summary>Quantization stops in the middle of a tensor, not only between tensors or segments.</summary>
public class QuantizerCancellationTests
{
    private delegate void Quantizer(
        ReadOnlyMemory<float> weights, double step, in LevelSyntax syntax, double lambda, ReadOnlyMemory<float> importance, Memory<int> levels, ParallelOptions parallel);

    [Fact]
    public void A_trellis_stops_inside_a_segment() => StopsInside(TrellisQuantizer.Quantize, dependent: true);

    [Fact]
    public void Rate_distortion_optimization_stops_inside_a_segment() => StopsInside(RateDistortionQuantizer.Quantize, dependent: false);

    private static void StopsInside(Quantizer quantize, bool dependent)
    {
        // One segment, so that nothing but the quantizer itself can look at the token once it has begun.
        float[] weights = Tensors.Gaussian(BlockScan.SegmentLength, 0.05f, seed: 3);
        LevelSyntax syntax = Tensors.Matrix(1 << 10, BlockScan.SegmentLength >> 10, dependent);
        int[] levels = new int[weights.Length];

        // No weight has this level: it would leave the range.
        StoppedInside.Check(levels, int.MinValue, token =>
            quantize(weights, 0.02, syntax, 0.5, default, levels, new ParallelOptions { MaxDegreeOfParallelism = 1, CancellationToken = token }));
    }
}
