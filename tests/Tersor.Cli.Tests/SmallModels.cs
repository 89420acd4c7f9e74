using Tersor.Models;
using Tersor.Models.Safetensors;

namespace Tersor.Cli.Tests;

/// <summary>Files small enough that their exact output stands in a test.</summary>
internal static class SmallModels
{
    /// <summary>conv.weight 2x3, conv.bias 2, steps int64 1; one line of metadata.</summary>
    public static string Write(string path, float lastWeight = 1f)
    {
        Model model = new(
            "memory",
            "memory",
            [
                new Tensor("conv.weight", new TensorShape(2, 3), [-1f, -0.5f, 0f, 0f, 0.5f, lastWeight]),
                new Tensor("conv.bias", new TensorShape(2), [0.25f, -0.25f]),
                new Tensor("steps", ElementType.Int64, new TensorShape(1), ByteSource.FromMemory(BitConverter.GetBytes(7L))),
            ],
            new Dictionary<string, string> { ["source"] = "a test" });
        new SafetensorsFormat().Write(model, path, ModelWriteOptions.Default);
        return path;
    }

    /// <summary>Tensors of those names, each of two floats.</summary>
    public static string WriteNamed(string path, params string[] names)
    {
        Model model = new("memory", "memory", [.. names.Select(name => new Tensor(name, new TensorShape(2), [1f, 2f]))]);
        new SafetensorsFormat().Write(model, path, ModelWriteOptions.Default);
        return path;
    }
}
