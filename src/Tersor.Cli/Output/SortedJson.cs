using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tersor.Cli.Output;

/// <summary>Writes JSON with keys in ordinal order at every level, so that equal results are equal bytes.</summary>
internal static class SortedJson
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions OneLine = Indented with { Indented = false };

    /// <summary>One document and a line break; on one line where it is one of several in a stream.</summary>
    public static void Write(JsonNode document, TextWriter writer, bool onOneLine = false)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, onOneLine ? OneLine : Indented)) Write(document, json);
        writer.WriteLine(System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    /// <summary>A number, or the words NaN, Infinity and -Infinity as text, which JSON has no numbers for.</summary>
    public static JsonNode Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value switch
    {
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => "NaN",
    });

    private static void Write(JsonNode? node, Utf8JsonWriter json)
    {
        switch (node)
        {
            case null:
                json.WriteNullValue();
                break;
            case JsonObject fields:
                json.WriteStartObject();
                foreach ((string name, JsonNode? value) in fields.OrderBy(field => field.Key, StringComparer.Ordinal))
                {
                    json.WritePropertyName(name);
                    Write(value, json);
                }

                json.WriteEndObject();
                break;
            case JsonArray items:
                json.WriteStartArray();
                foreach (JsonNode? item in items) Write(item, json);
                json.WriteEndArray();
                break;
            default:
                node.WriteTo(json);
                break;
        }
    }
}
