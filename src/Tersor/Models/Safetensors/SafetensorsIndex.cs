using System.Text.Json;
using System.Text.Unicode;

namespace Tersor.Models.Safetensors;

/// <summary>
/// The index of a sharded model: <c>{"metadata":{"total_size":..},"weight_map":{"tensor":"shard file",..}}</c>. Shards lie in the index's folder and
/// are named by plain file names (a symbolic link under such a name is followed, as download caches use them).
/// </summary>
internal static class SafetensorsIndex
{
    /// <summary>The ending of index files.</summary>
    public const string Extension = ".safetensors.index.json";

    /// <summary>Whether the start of a file looks like an index.</summary>
    public static bool Matches(ReadOnlySpan<byte> start) =>
        !start.IsEmpty && start[0] == (byte)'{'
        && (start.IndexOf("\"weight_map\""u8) >= 0 || start.IndexOf("\"total_size\""u8) >= 0);

    /// <summary>Opens all shards. Tensors stand in the order of the shards' names and, within one, of its data.</summary>
    /// <exception cref="ModelFormatException">The index is malformed, names files elsewhere or missing ones, or contradicts a shard.</exception>
    public static Model Open(ByteSource index, string path, ModelReadOptions options)
    {
        SortedDictionary<string, HashSet<string>> namesByShard = Read(index, options);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string[] missing = [.. namesByShard.Keys.Where(shard => !File.Exists(Path.Combine(folder, shard)))];
        if (missing.Length > 0)
        {
            throw new ModelFormatException(
                index.Name, null, -1, $"names shards that are not beside it: {string.Join(", ", missing)}; fetch them into the same folder");
        }

        List<Tensor> tensors = [];
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        List<IDisposable> opened = [];
        try
        {
            foreach ((string shardName, HashSet<string> names) in namesByShard)
            {
                Model shard = SafetensorsReader.Open(ByteSource.FromFile(Path.Combine(folder, shardName)), options);
                opened.Add(shard);
                TakeTensors(index, shard, names, tensors, options);
                foreach ((string key, string value) in shard.Metadata)
                {
                    if (!metadata.TryAdd(key, value) && metadata[key] != value)
                        options.Warn?.Invoke($"{shard.Source}: ignored metadata '{key}', an earlier shard says otherwise");
                }
            }

            return new Model(SafetensorsFormat.FormatName, index.Name, tensors, metadata, opened);
        }
        catch
        {
            foreach (IDisposable shard in opened) shard.Dispose();
            throw;
        }
    }

    private static void TakeTensors(ByteSource index, Model shard, HashSet<string> names, List<Tensor> tensors, ModelReadOptions options)
    {
        foreach (Tensor tensor in shard.Tensors)
        {
            if (names.Remove(tensor.Name))
            {
                tensors.Add(tensor);
                continue;
            }

            if (!options.Lenient)
            {
                throw new ModelFormatException(
                    shard.Source, $"tensor '{tensor.Name}'", -1, "the index does not list it in this shard; read leniently to pass over it");
            }

            options.Warn?.Invoke($"{shard.Source}: tensor '{tensor.Name}': passed over, the index does not list it in this shard");
        }

        if (names.Count > 0)
        {
            string lacking = string.Join(", ", names.Order(StringComparer.Ordinal));
            throw new ModelFormatException(index.Name, null, -1, $"lists tensors that {Path.GetFileName(shard.Source)} lacks: {lacking}");
        }
    }

    private static SortedDictionary<string, HashSet<string>> Read(ByteSource index, ModelReadOptions options)
    {
        long limit = Math.Min(SafetensorsHeader.MaxLength, options.MaxHeaderBytes);
        if (index.Length > limit)
            throw new ResourceLimitException($"{index.Name}: the index has {index.Length:N0} bytes, at most {limit:N0} are read.");
        ReadOnlySpan<byte> json = index.ReadAll().Span;
        if (!Utf8.IsValid(json)) throw Malformed(index, 0, "the index is not UTF-8");
        Utf8JsonReader reader = new(json);
        try
        {
            return ReadRoot(ref reader, index);
        }
        catch (JsonException error)
        {
            throw Malformed(index, reader.BytesConsumed, $"the index is not JSON: {error.Message}", error);
        }
        catch (InvalidOperationException error)
        {
            throw Malformed(index, reader.TokenStartIndex, "a text holds an escape that is no character", error);
        }
    }

    private static SortedDictionary<string, HashSet<string>> ReadRoot(ref Utf8JsonReader reader, ByteSource index)
    {
        SortedDictionary<string, HashSet<string>>? namesByShard = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw Malformed(index, 0, "expected an object");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            // What else stands here (metadata with the total size) says nothing that the shards do not.
            bool isMap = reader.ValueTextEquals("weight_map"u8);
            long position = reader.TokenStartIndex;
            reader.Read();
            if (!isMap)
            {
                reader.Skip();
                continue;
            }

            if (namesByShard is not null) throw Malformed(index, position, "weight_map occurs twice");
            namesByShard = ReadWeightMap(ref reader, index);
        }

        reader.Read();
        return namesByShard ?? throw Malformed(index, 0, "there is no weight_map; this is not an index of safetensors shards");
    }

    private static SortedDictionary<string, HashSet<string>> ReadWeightMap(ref Utf8JsonReader reader, ByteSource index)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Malformed(index, reader.TokenStartIndex, "weight_map is not an object");
        SortedDictionary<string, HashSet<string>> namesByShard = new(StringComparer.Ordinal);
        HashSet<string> all = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Malformed(index, reader.TokenStartIndex, $"the shard of tensor '{name}' is not a file name");
            string shard = reader.GetString()!;
            if (!IsPlainFileName(shard))
            {
                throw Malformed(
                    index, reader.TokenStartIndex, $"the shard of tensor '{name}' is '{shard}'; only plain file names are allowed");
            }

            if (!all.Add(name)) throw Malformed(index, reader.TokenStartIndex, $"tensor '{name}' occurs twice in weight_map");
            if (!namesByShard.TryGetValue(shard, out HashSet<string>? names)) namesByShard.Add(shard, names = new(StringComparer.Ordinal));
            names.Add(name);
        }

        return namesByShard;
    }

    // Neither separators of any system nor drive letters nor the names of folders.
    private static bool IsPlainFileName(string name) =>
        name.Length is > 0 and <= 255 && name is not "." and not ".." && name.IndexOfAny(['/', '\\', ':']) < 0 && !name.Any(char.IsControl);

    private static ModelFormatException Malformed(ByteSource index, long position, string problem, Exception? inner = null) =>
        new(index.Name, null, position, problem, inner);
}
