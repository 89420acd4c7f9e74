using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Calibration;

/// <summary>The samples that statistics of a network are taken from.</summary>
public static class CalibrationSamples
{
    /// <summary>
    /// How many samples serve a network's statistics: <c>4e10</c> multiply-adds' worth, 1,024 to 4,096. Large products see one place of each sample and want many;
    /// convolutions see hundreds.
    /// </summary>
    public static int ForStatistics(OnnxGraph graph) => Affordable(graph, 4e10, 1024, 4096);

    /// <summary>How many samples serve to judge a plan by its right answers: <c>5e11</c> multiply-adds' worth, 5,000 to 40,000.</summary>
    public static int ForJudging(OnnxGraph graph) => Affordable(graph, 5e11, 5000, 40_000);

    /// <summary>How many samples serve to judge a plan that others are measured by: <c>4e12</c> multiply-adds' worth, 5,000 to 40,000.</summary>
    public static int ForJudgingWidely(OnnxGraph graph) => Affordable(graph, 4e12, 5000, 40_000);

    /// <summary>SHA-256 of what a network is given, as hexadecimal digits: the same for the same samples under the same preprocessing.</summary>
    public static string Digest(SampleSet samples, Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(preprocessing);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        float[] pixels = new float[samples.SampleShape.ElementCount];
        float[] input = new float[pixels.Length];
        for (int i = 0; i < samples.Count; i++)
        {
            samples.CopyTo(i, pixels);
            preprocessing.Apply(samples.SampleShape, pixels, input);
            hash.AppendData(MemoryMarshal.AsBytes<float>(input));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static int Affordable(OnnxGraph graph, double multiplyAdds, int fewest, int most)
    {
        double each = LayerCost.MultiplyAddsOf(graph);
        return (int)Math.Clamp(multiplyAdds / Math.Max(1, each), fewest, most);
    }
}
