using System.Text.Json.Nodes;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Output;

/// <summary>What an ONNX file says of its graph, as lines and as JSON.</summary>
internal static class OnnxText
{
    /// <summary>Graph, operators, versions, inputs and outputs, a line each.</summary>
    public static void Write(TextWriter writer, OnnxSummary summary)
    {
        string functions = summary.FunctionCount == 0 ? "" : $", {Numbers.Count(summary.FunctionCount)} functions";
        Line(writer, "graph", $"{summary.GraphName}, {Numbers.Count(summary.NodeCount)} nodes{functions}");
        Line(writer, "operators", string.Join(", ", summary.Operators.Select(entry => $"{entry.Key} {Numbers.Count(entry.Value)}")));
        Line(writer, "opset", string.Join(", ", summary.OperatorSets.Select(set => $"{(set.Domain.Length == 0 ? "ai.onnx" : set.Domain)} {set.Version}")));
        Line(writer, "made by", $"{summary.ProducerName} {summary.ProducerVersion}".Trim() + $" (IR version {summary.IrVersion})");
        foreach (OnnxValue value in summary.Inputs) Line(writer, "input", Describe(value));
        foreach (OnnxValue value in summary.Outputs) Line(writer, "output", Describe(value));
    }

    /// <summary>The same as JSON.</summary>
    public static JsonObject Fields(OnnxSummary summary) => new()
    {
        ["irVersion"] = summary.IrVersion,
        ["producerName"] = summary.ProducerName,
        ["producerVersion"] = summary.ProducerVersion,
        ["graph"] = summary.GraphName,
        ["nodes"] = summary.NodeCount,
        ["functions"] = summary.FunctionCount,
        ["operators"] = new JsonObject(summary.Operators.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
        ["operatorSets"] = new JsonArray(
            [.. summary.OperatorSets.Select(set => new JsonObject { ["domain"] = set.Domain, ["version"] = set.Version })]),
        ["inputs"] = new JsonArray([.. summary.Inputs.Select(Fields)]),
        ["outputs"] = new JsonArray([.. summary.Outputs.Select(Fields)]),
    };

    private static void Line(TextWriter writer, string label, string text) => writer.WriteLine($"  {label,-10}{VisibleText.OneLine(text)}");

    private static string Describe(OnnxValue value) =>
        value.Dimensions is null ? $"{value.Name} {value.Type}" : $"{value.Name} {value.Type} [{string.Join(", ", value.Dimensions)}]";

    private static JsonObject Fields(OnnxValue value) => new()
    {
        ["name"] = value.Name,
        ["type"] = value.Type,
        ["dimensions"] = value.Dimensions is null ? null : new JsonArray([.. value.Dimensions.Select(dimension => JsonValue.Create(dimension))]),
    };
}
