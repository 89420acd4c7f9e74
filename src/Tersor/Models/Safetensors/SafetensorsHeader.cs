using System.Text.Json;
using System.Text.Unicode;

namespace Tersor.Models.Safetensors;

/// <summary>
/// The JSON header:
/// 1. u64 little-endian: length n of the JSON.
/// 2. n bytes: one JSON object in UTF-8 that starts with <c>{</c>, may be followed by spaces; each key a tensor
///    <c>{"dtype":..,"shape":[..],"data_offsets":[start,end]}</c>, except <c>__metadata__</c>, an object of strings.
/// 3. the data.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>Largest header that the format allows, as in the reference implementation.</summary>
    public const int MaxLength = 100_000_000;

    /// <summary>Bytes before the JSON.</summary>
    public const int PrefixLength = 8;

    /// <summary>The key that is no tensor.</summary>
    public const string MetadataKey = "__metadata__";

    // As many dimensions as NumPy allows; more is not a tensor but an attempt to make the reader allocate.
    private const int MaxRank = 64;

    private readonly string _file;
    private readonly ModelReadOptions _options;

    private SafetensorsHeader(string file, ModelReadOptions options)
    {
        _file = file;
        _options = options;
    }

    /// <summary>The tensors in the order of the header; names are unique.</summary>
    public List<SafetensorsEntry> Entries { get; } = [];

    /// <summary>The free text of <c>__metadata__</c>.</summary>
    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Parses the JSON.</summary>
    /// <exception cref="ModelFormatException">It is not what the format asks for.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, string file, ModelReadOptions options)
    {
        SafetensorsHeader header = new(file, options);
        if (!Utf8.IsValid(json))
            throw header.Malformed(null, 0, "the header is not UTF-8; the file is damaged or not safetensors");
        if (json.IsEmpty || json[0] != (byte)'{')
            throw header.Malformed(null, 0, "the header does not start with '{'; the file is damaged or not safetensors");

        Utf8JsonReader reader = new(json);
        try
        {
            header.ReadObject(ref reader);
        }
        catch (JsonException error)
        {
            throw header.Malformed(null, reader.BytesConsumed, $"the header is not JSON: {error.Message}", error);
        }

        return header;
    }

    private void ReadObject(ref Utf8JsonReader reader)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            long position = reader.TokenStartIndex;
            string name = ReadText(ref reader);
            if (!names.Add(name))
                throw Malformed($"tensor '{name}'", position, "the key occurs twice in the header");
            reader.Read();
            if (name == MetadataKey) ReadMetadata(ref reader);
            else Entries.Add(ReadEntry(ref reader, name, position));
        }

        // Only white space may follow; the reader throws on anything else.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Malformed(MetadataKey, reader.TokenStartIndex, "expected an object of strings");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string key = ReadText(ref reader);
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Malformed(MetadataKey, reader.TokenStartIndex, $"the value of '{key}' is not a string");
            if (!Metadata.TryAdd(key, ReadText(ref reader)))
                throw Malformed(MetadataKey, reader.TokenStartIndex, $"the key '{key}' occurs twice");
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, long position)
    {
        string item = $"tensor '{name}'";
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Malformed(item, reader.TokenStartIndex, "expected an object with dtype, shape and data_offsets");
        string? dataType = null;
        List<long>? dimensions = null, offsets = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            long fieldPosition = reader.TokenStartIndex;
            string field = ReadText(ref reader);
            reader.Read();
            bool repeated = false;
            switch (field)
            {
                case "dtype":
                    repeated = dataType is not null;
                    if (reader.TokenType != JsonTokenType.String) throw Malformed(item, fieldPosition, "dtype is not a string");
                    dataType = ReadText(ref reader);
                    break;
                case "shape":
                    repeated = dimensions is not null;
                    dimensions = ReadNumbers(ref reader, item, field, MaxRank);
                    break;
                case "data_offsets":
                    repeated = offsets is not null;
                    offsets = ReadNumbers(ref reader, item, field, 2);
                    break;
                default:
                    if (!_options.Lenient)
                        throw Malformed(item, fieldPosition, $"unknown field '{field}'; read leniently to ignore it");
                    _options.Warn?.Invoke($"{_file}: {item}: ignored the unknown field '{field}'");
                    reader.Skip();
                    break;
            }

            if (repeated) throw Malformed(item, fieldPosition, $"the field '{field}' occurs twice");
        }

        if (dataType is null || dimensions is null || offsets is not { Count: 2 })
            throw Malformed(item, position, "dtype, shape and two data_offsets are all needed");
        return new SafetensorsEntry(name, dataType, [.. dimensions], offsets[0], offsets[1], PrefixLength + position);
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string item, string field, int maxCount)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Malformed(item, reader.TokenStartIndex, $"{field} is not an array");
        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw Malformed(item, reader.TokenStartIndex, $"{field} holds something that is not a whole number from 0 to 2^63 - 1");
            if (numbers.Count == maxCount)
                throw Malformed(item, reader.TokenStartIndex, $"{field} has more than {maxCount} entries");
            numbers.Add(number);
        }

        return numbers;
    }

    private string ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            // The bytes are UTF-8, but an escape such as \ud800 stands for half a character.
            throw Malformed(null, reader.TokenStartIndex, "a text holds an escape that is no character", error);
        }
    }

    private ModelFormatException Malformed(string? item, long position, string problem, Exception? inner = null) =>
        new(_file, item, PrefixLength + position, problem, inner);
}
