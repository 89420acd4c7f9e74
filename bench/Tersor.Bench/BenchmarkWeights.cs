using Tersor.Models;
using Tersor.Quantization;

namespace Tersor.Bench;

/// <summary>
/// The arrays of the benchmarks: <c>gaussian</c>, N(0, 0.05^2); <c>sparse</c>, the same with nine of ten weights at zero; and <c>resnet56</c>, the weights of that
/// network over and over, where the folder that the environment variable TERSOR_MODELS names has it.
/// </summary>
internal static class BenchmarkWeights
{
    /// <summary>Weights per array.</summary>
    public const int Count = 10_000_000;

    private const string Network = "resnet56";

    /// <summary>What there is.</summary>
    public static IEnumerable<string> Kinds => NetworkPath is { } path && File.Exists(path) ? ["gaussian", "sparse", Network] : ["gaussian", "sparse"];

    private static string? NetworkPath =>
        Environment.GetEnvironmentVariable("TERSOR_MODELS") is { Length: > 0 } folder ? Path.Combine(folder, Network + ".onnx") : null;

    /// <summary>The step size at which they are quantized: about 2.5 bits per weight for the dense array, QP -26 for the network.</summary>
    public static double StepOf(string kind) => kind == Network ? StepSize.FromQp(-26) : 0.0375;

    /// <summary>Makes the array that <paramref name="kind"/> names.</summary>
    public static float[] Make(string kind)
    {
        if (kind == Network) return Repeat(ReadNetwork());
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

    private static float[] ReadNetwork()
    {
        using Model model = ModelFormats.Open(NetworkPath!);
        return [.. model.Tensors.Where(tensor => tensor.ElementType == ElementType.Float32 && tensor.Shape.Rank > 1).SelectMany(tensor => tensor.ReadSingles())];
    }

    private static float[] Repeat(float[] pattern)
    {
        float[] weights = new float[Count];
        for (int i = 0; i < weights.Length; i++) weights[i] = pattern[i % pattern.Length];
        return weights;
    }
}
