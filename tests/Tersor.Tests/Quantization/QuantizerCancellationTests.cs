using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

/// <summary>Quantization stops in the middle of a tensor, not only between tensors or segments.</summary>
public class QuantizerCancellationTests
{
    // No weight has this level: it would leave the range.
    private const int Unset = int.MinValue;

    // The thread that stops may get its turn only after the work has ended; that it never gets it in time is no accident.
    private const int Attempts = 100;

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
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            Array.Fill(levels, Unset);
            bool throws = StopsAtFirstLevel(levels, parallel => quantize(weights, 0.02, syntax, 0.5, default, levels, parallel));
            if (throws && levels[^1] == Unset) return;
        }

        Assert.Fail($"Not one of {Attempts} runs ended before the last level was written.");
    }

    private static bool StopsAtFirstLevel(int[] levels, Action<ParallelOptions> quantize)
    {
        using CancellationTokenSource stop = new();
        Thread stopping = new(() =>
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref levels[0]) != Unset);
            stop.Cancel();
        });
        stopping.Start();
        try
        {
            quantize(new ParallelOptions { MaxDegreeOfParallelism = 1, CancellationToken = stop.Token });
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        finally
        {
            // Also where the work failed before its first level.
            levels[0] = 0;
            stopping.Join();
        }
    }
}
