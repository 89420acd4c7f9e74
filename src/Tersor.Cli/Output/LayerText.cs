using System.Text.Json.Nodes;
using Tersor.Engine.Graphs;

namespace Tersor.Cli.Output;

/// <summary>What each layer of a network costs for one sample, or for the batch that the model fixes.</summary>
internal static class LayerText
{
    /// <summary>A row per node, and the sums.</summary>
    public static TextTable Table(IReadOnlyList<LayerCost> layers)
    {
        TextTable table = new TextTable().Text("layer").Text("output").Number("activations").Number("multiply-adds").Number("parameters");
        foreach (LayerCost layer in layers)
        {
            table.Row(
                layer.Node, layer.OutputShape.ToString(), Numbers.Count(layer.Activations), Numbers.Count(layer.MultiplyAdds), Numbers.Count(layer.Parameters));
        }

        table.Totals(
            layers.Count == 1 ? "1 layer" : $"{Numbers.Count(layers.Count)} layers",
            "",
            Numbers.Count(layers.Sum(layer => layer.Activations)),
            Numbers.Count(layers.Sum(layer => layer.MultiplyAdds)),
            Numbers.Count(layers.Sum(layer => layer.Parameters)));
        return table;
    }

    /// <summary>The same as JSON.</summary>
    public static JsonArray Fields(IReadOnlyList<LayerCost> layers) => new([.. layers.Select(layer => new JsonObject
    {
        ["layer"] = layer.Node,
        ["output"] = TensorFields.Shape(layer.OutputShape),
        ["activations"] = layer.Activations,
        ["multiplyAdds"] = layer.MultiplyAdds,
        ["parameters"] = layer.Parameters,
    })]);

    /// <summary>The sums as JSON.</summary>
    public static void AddTotals(JsonObject totals, IReadOnlyList<LayerCost> layers)
    {
        totals["layers"] = layers.Count;
        totals["activations"] = layers.Sum(layer => layer.Activations);
        totals["multiplyAdds"] = layers.Sum(layer => layer.MultiplyAdds);
        totals["parameters"] = layers.Sum(layer => layer.Parameters);
    }
}
