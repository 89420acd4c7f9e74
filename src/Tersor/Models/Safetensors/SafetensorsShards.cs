using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tersor.Models.Safetensors;

/// <summary>
/// Writes a model as shards: <c>NAME-00001-of-00003.safetensors</c>, each whole by itself, and the index <c>NAME.safetensors.index.json</c>.
/// </summary>
internal static class SafetensorsShards
{
    // All shards are kept open until all are whole.
    private const int MaxShards = 1000;

    /// <summary>Fills shards one after the other; none is larger than <paramref name="maxShardBytes"/> (0 for no limit).</summary>
    /// <exception cref="ArgumentException">A tensor with its header is larger than that, or there would be more than 1,000 shards.</exception>
    public static IReadOnlyList<IReadOnlyList<Tensor>> Divide(
        IReadOnlyList<Tensor> tensors, IReadOnlyDictionary<string, string> metadata, long maxShardBytes)
    {
        List<IReadOnlyList<Tensor>> shards = [];
        List<Tensor> shard = [];
        SafetensorsHeaderWriter header = new(metadata);
        foreach (Tensor tensor in tensors)
        {
            header.Add(tensor);
            if (maxShardBytes > 0 && header.FileLength > maxShardBytes)
            {
                if (shard.Count > 0)
                {
                    shards.Add(shard);
                    shard = [];
                    header = new SafetensorsHeaderWriter(metadata);
                    header.Add(tensor);
                }

                if (header.FileLength > maxShardBytes)
                {
                    throw new ArgumentException(
                        $"Tensor '{tensor.Name}' alone makes a shard of {header.FileLength:N0} bytes; allow at least that.", nameof(maxShardBytes));
                }
            }

            shard.Add(tensor);
        }

        shards.Add(shard);
        if (shards.Count > MaxShards)
        {
            throw new ArgumentException(
                $"{shards.Count} shards of {maxShardBytes:N0} bytes are more than {MaxShards}; allow larger ones.", nameof(maxShardBytes));
        }

        return shards;
    }

    /// <summary>Writes all shards, gives them their names when all are whole, then writes the index.</summary>
    public static void Write(
        IReadOnlyList<IReadOnlyList<Tensor>> shards,
        IReadOnlyDictionary<string, string> metadata,
        string path,
        bool overwrite,
        IProgress<ModelProgress>? progress,
        CancellationToken cancellationToken)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string stem = Path.GetFileName(path);
        foreach (string extension in (ReadOnlySpan<string>)[SafetensorsIndex.Extension, ".safetensors"])
        {
            if (!stem.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) continue;
            stem = stem[..^extension.Length];
            break;
        }

        long total = shards.Sum(shard => shard.Sum(tensor => tensor.ByteLength));
        long done = 0;
        List<string> names = [];
        List<PendingFile> files = [];
        try
        {
            for (int i = 0; i < shards.Count; i++)
            {
                names.Add(string.Create(CultureInfo.InvariantCulture, $"{stem}-{i + 1:d5}-of-{shards.Count:d5}.safetensors"));
                files.Add(new PendingFile(Path.Combine(folder, names[i]), overwrite));
            }

            files.Add(new PendingFile(Path.Combine(folder, stem + SafetensorsIndex.Extension), overwrite));
            for (int i = 0; i < shards.Count; i++)
            {
                SafetensorsWriter.WriteFile(shards[i], metadata, files[i].Stream, done, total, progress, cancellationToken);
                done += shards[i].Sum(tensor => tensor.ByteLength);
            }

            files[^1].Stream.Write(IndexJson(shards, names, total));
            foreach (PendingFile file in files) file.Commit();
        }
        finally
        {
            foreach (PendingFile file in files) file.Dispose();
        }
    }

    private static ReadOnlySpan<byte> IndexJson(IReadOnlyList<IReadOnlyList<Tensor>> shards, List<string> names, long total)
    {
        ArrayBufferWriter<byte> json = new();
        JsonWriterOptions layout = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter writer = new(json, layout))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteNumber("total_size", total);
            writer.WriteEndObject();
            writer.WriteStartObject("weight_map");
            var entries = shards.SelectMany((shard, i) => shard.Select(tensor => (tensor.Name, Shard: names[i])));
            foreach ((string name, string shard) in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal)) writer.WriteString(name, shard);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        json.Write("\n"u8);
        return json.WrittenSpan;
    }
}
