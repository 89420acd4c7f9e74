using System.Globalization;
using System.Text.Json.Nodes;
using Tersor.Engine.Data;

namespace Tersor.Cli.Output;

/// <summary>How reports speak of preprocessing: in the words of the options.</summary>
internal static class PreprocessingText
{
    /// <summary>Each option's word and value, such as <c>mean 0.485,0.456,0.406</c>.</summary>
    public static IEnumerable<(string Name, string Value)> Entries(Preprocessing preprocessing) =>
    [
        ("scale", Text([preprocessing.Scale])),
        ("mean", Text(preprocessing.Mean)),
        ("std", Text(preprocessing.Deviation)),
        ("channels", preprocessing.IsBgr ? "bgr" : "rgb"),
        ("layout", preprocessing.IsChannelsLast ? "nhwc" : "nchw"),
    ];

    /// <summary>One line, in the manner of the lines about a graph.</summary>
    public static void Write(TextWriter writer, Preprocessing preprocessing) =>
        writer.WriteLine($"  {"pixels",-10}{string.Join(", ", Entries(preprocessing).Select(entry => $"{entry.Name} {entry.Value}"))}");

    /// <summary>The same as JSON, numbers as numbers.</summary>
    public static JsonObject Fields(Preprocessing preprocessing) => new()
    {
        ["scale"] = preprocessing.Scale,
        ["mean"] = new JsonArray([.. preprocessing.Mean.Select(value => JsonValue.Create(value))]),
        ["std"] = new JsonArray([.. preprocessing.Deviation.Select(value => JsonValue.Create(value))]),
        ["channels"] = preprocessing.IsBgr ? "bgr" : "rgb",
        ["layout"] = preprocessing.IsChannelsLast ? "nhwc" : "nchw",
    };

    private static string Text(IEnumerable<float> numbers) => string.Join(',', numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)));
}
