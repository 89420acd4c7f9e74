using System.Text.Json;
using Tersor.Models;

namespace Tersor.Tests.Nnc;

/// <summary>The conformance vectors of the shared reference material: streams with the tensors they decode to.</summary>
internal static class NncVectors
{
    private const string Folder = "vectors/nnc";

    /// <summary>Names of the vector folders; empty where the material is absent, so that theories over it must check.</summary>
    public static IReadOnlyList<string> Names { get; } = List();

    /// <summary>One record per stream: a vector has one, a temporal sequence several in order.</summary>
    public static IReadOnlyList<NncVector> Load(string name)
    {
        string folder = SharedAssets.Require($"{Folder}/{name}");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "vector.json")));
        return document.RootElement.TryGetProperty("sequence", out JsonElement sequence)
            ? [.. sequence.EnumerateArray().Select(frame => Read(folder, name, frame))]
            : [Read(folder, name, document.RootElement)];
    }

    /// <summary>Every stream of every vector that stands alone.</summary>
    public static IEnumerable<NncVector> Single() => Names.Select(Load).Where(streams => streams.Count == 1).Select(streams => streams[0]);

    private static IReadOnlyList<string> List()
    {
        if (SharedAssets.Root is null) return [];
        string root = Path.Combine(SharedAssets.Root, Folder);
        if (!Directory.Exists(root)) return [];
        return [.. Directory.GetDirectories(root).Where(folder => File.Exists(Path.Combine(folder, "vector.json"))).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];
    }

    private static NncVector Read(string folder, string name, JsonElement record)
    {
        byte[] stream = File.ReadAllBytes(Path.Combine(folder, record.GetProperty("stream").GetString()!));
        var tensors = new List<NncVectorTensor>();
        foreach (JsonElement tensor in record.GetProperty("decoded").EnumerateArray())
        {
            long[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64())];
            tensors.Add(new NncVectorTensor(
                tensor.GetProperty("name").GetString()!,
                new TensorShape(shape),
                tensor.GetProperty("dtype").GetString() == "int32",
                File.ReadAllBytes(Path.Combine(folder, tensor.GetProperty("file").GetString()!))));
        }

        return new NncVector(name, stream, tensors);
    }
}

/// <summary>A stream and what it decodes to.</summary>
internal sealed record NncVector(string Name, byte[] Stream, IReadOnlyList<NncVectorTensor> Tensors);

/// <summary>An expected tensor; the bytes are little-endian binary32, or int32 where <paramref name="IsInteger"/>.</summary>
internal sealed record NncVectorTensor(string Name, TensorShape Shape, bool IsInteger, byte[] Bytes);
