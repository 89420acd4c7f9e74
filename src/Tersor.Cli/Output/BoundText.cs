using System.Text.Json.Nodes;
using Tersor.Compression.Theory;
using Tersor.Plans;

namespace Tersor.Cli.Output;

/// <summary>What methods make of layers beside the lower bound at the same cost.</summary>
internal static class BoundText
{
    /// <summary>A row per layer, step and method.</summary>
    public static TextTable Table(IReadOnlyList<CodedLayer> layers)
    {
        TextTable table = new TextTable().Text("tensor").Text("method").Number("QP").Number("distance").Number("bits/weight").Number("bound").Number("above it");
        foreach (CodedLayer layer in layers)
        {
            table.Row(
                layer.Tensor, layer.Method.Name() + (layer.Compensated ? " compensated" : ""), Numbers.Integer(layer.Qp), Numbers.Short(layer.Distance), Numbers.Fixed(layer.Bits, 3),
                Numbers.Fixed(layer.BoundBits, 3), Numbers.Signed(layer.Bits - layer.BoundBits, 3));
        }

        return table;
    }

    /// <summary>The same as JSON.</summary>
    public static JsonArray Fields(IReadOnlyList<CodedLayer> layers) => new([.. layers.Select(layer => (JsonNode)new JsonObject
    {
        ["tensor"] = layer.Tensor,
        ["method"] = layer.Method.Name(),
        ["compensated"] = layer.Compensated,
        ["qp"] = layer.Qp,
        ["distance"] = SortedJson.Number(layer.Distance),
        ["bitsPerWeight"] = SortedJson.Number(layer.Bits),
        ["boundBitsPerWeight"] = SortedJson.Number(layer.BoundBits),
    })]);
}
