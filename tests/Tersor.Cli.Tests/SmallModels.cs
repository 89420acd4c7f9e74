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

    /// <summary>conv.weight 8x4x3x3, conv.bias 8, fc.weight 40x30, steps int64 3: enough to be worth coding.</summary>
    public static string WriteGaussian(string path)
    {
        Seeded random = new(17);
        float[] Values(int count, float scale) => [.. Enumerable.Range(0, count).Select(_ => random.NextGaussian() * scale)];
        Model model = new(
            "memory",
            "memory",
            [
                new Tensor("conv.weight", new TensorShape(8, 4, 3, 3), Values(288, 0.2f)),
                new Tensor("conv.bias", new TensorShape(8), Values(8, 0.1f)),
                new Tensor("fc.weight", new TensorShape(40, 30), Values(1200, 0.1f)),
                new Tensor("steps", ElementType.Int64, new TensorShape(3), ByteSource.FromMemory(new byte[24])),
            ]);
        new SafetensorsFormat().Write(model, path, ModelWriteOptions.Default);
        return path;
    }

    /// <summary>One float tensor that is a hole in the file: no time to make, no room on the disk.</summary>
    public static string WriteSparse(string path, long rows, long columns)
    {
        long bytes = rows * columns * 4;
        byte[] header = System.Text.Encoding.UTF8.GetBytes(
            FormattableString.Invariant($"{{\"w\":{{\"dtype\":\"F32\",\"shape\":[{rows},{columns}],\"data_offsets\":[0,{bytes}]}}}}"));
        using FileStream file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)header.Length));
        file.Write(header);
        file.SetLength(8 + header.Length + bytes);
        return path;
    }
}
