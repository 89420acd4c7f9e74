using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tersor.Plans;

/// <summary>A codebook that a plan states: strictly increasing multiples of a step, 1 to 65,536 of them. Two are equal where their entries are.</summary>
/// <param name="entries">The multiples.</param>
public sealed class GivenCodebook(params IReadOnlyList<int> entries) : IEquatable<GivenCodebook>
{
    private const int MostEntries = 65536;
    private const int MostMagnitude = 1 << 30;

    /// <summary>The multiples.</summary>
    public IReadOnlyList<int> Entries { get; } = [.. entries];

    /// <summary>Why no stream can carry it; null where one can.</summary>
    internal string? Problem
    {
        get
        {
            if (Entries.Count is 0 or > MostEntries) return $"codebook has {Entries.Count} entries, not 1..{MostEntries}";
            for (int i = 1; i < Entries.Count; i++)
            {
                if (Entries[i] <= Entries[i - 1]) return $"codebook does not increase at entry {i}: {Entries[i - 1]}, {Entries[i]}";
            }

            return Entries.Any(entry => Math.Abs((long)entry) > MostMagnitude) ? $"codebook has an entry beyond {MostMagnitude}" : null;
        }
    }

    /// <inheritdoc/>
    public bool Equals(GivenCodebook? other) => other is not null && Entries.SequenceEqual(other.Entries);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GivenCodebook);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Entries.Count, Entries.Count == 0 ? 0 : Entries[0], Entries.Count == 0 ? 0 : Entries[^1]);
}

/// <summary>A JSON array of whole numbers.</summary>
internal sealed class GivenCodebookConverter : JsonConverter<GivenCodebook>
{
    public override GivenCodebook Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw Wrong();
        List<int> entries = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int entry)) throw Wrong();
            entries.Add(entry);
        }

        return new GivenCodebook(entries);
    }

    public override void Write(Utf8JsonWriter writer, GivenCodebook value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (int entry in value.Entries) writer.WriteNumberValue(entry);
        writer.WriteEndArray();
    }

    private static JsonException Wrong() => new("a codebook is an array of whole numbers, multiples of the step");
}
