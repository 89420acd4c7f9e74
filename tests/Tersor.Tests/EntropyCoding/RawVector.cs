using System.Text.Json;
using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

/// <summary>The payloads in <c>vectors/nnc/raw</c> that the reference software wrote.</summary>
internal sealed record RawVector(string Id, TensorCase Tensor, byte[] Payload, LevelEncoderOptions Options, EntryPoint[] EntryPoints)
{
    public static List<RawVector> Load()
    {
        using JsonDocument document = Open();
        var vectors = new List<RawVector>();
        foreach (JsonElement vector in document.RootElement.GetProperty("vectors").EnumerateArray())
        {
            if (Text(vector, "dialect") != "R") vectors.Add(Read(vector));
        }

        return vectors;
    }

    public static JsonDocument Open() => JsonDocument.Parse(File.ReadAllBytes(SharedAssets.Require("vectors/nnc/raw/raw.json")));

    public static string Text(JsonElement vector, string key) => vector.GetProperty(key).GetString()!;

    public static int[] Numbers(JsonElement vector, string key) =>
        vector.TryGetProperty(key, out JsonElement array) ? [.. array.EnumerateArray().Select(number => number.GetInt32())] : [];

    private static int Number(JsonElement vector, string key) => vector.TryGetProperty(key, out JsonElement number) ? number.GetInt32() : 0;

    private static RawVector Read(JsonElement vector)
    {
        int[] shape = Numbers(vector, "shape"), levels = Numbers(vector, "levels");
        var syntax = new LevelSyntax
        {
            Dialect = Text(vector, "dialect") switch { "A" => NncDialect.EditionOne, "B" => NncDialect.EditionTwo, _ => NncDialect.EditionOneLate },
            RowCount = shape[0],
            RowLength = levels.Length / shape[0],
            GreaterFlagCount = Number(vector, "num_gtx_flags"),
            DependentQuantization = Number(vector, "dq_flag") == 1,
            ScanOrder = Number(vector, "scan_order"),
            CodebookSize = Number(vector, "codebook_size"),
            CodebookZero = Number(vector, "codebook_zero_offset"),
            ParentNodePresent = Number(vector, "parent_node_id_present") == 1,
        };
        RowSkipping skipping = Number(vector, "row_skip_flag") == 1 ? RowSkipping.On : RowSkipping.Off;
        var options = new LevelEncoderOptions { RowSkipping = skipping, SearchesInitialization = Number(vector, "param_opt") == 1 };
        var tensor = new TensorCase(syntax, levels, Numbers(vector, "base"), [.. Numbers(vector, "history").Select(bit => (byte)bit)], [skipping]);
        EntryPoint[] points = vector.TryGetProperty("entry_points", out JsonElement entries)
            ? [.. entries.EnumerateArray().Select(e => new EntryPoint(Number(e, "value"), Number(e, "dq_state"), Number(e, "bit_offset_delta")))]
            : [];
        return new RawVector(Text(vector, "id"), tensor, Convert.FromHexString(Text(vector, "payload_hex")), options, points);
    }
}
