using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Attributes of a node with the defaults of their specification.</summary>
internal static class NodeAttributes
{
    public static long Int(this OnnxNode node, string name, long otherwise) => node.Find(name)?.Int ?? otherwise;

    public static bool Flag(this OnnxNode node, string name, bool otherwise = false) => node.Int(name, otherwise ? 1 : 0) != 0;

    public static float Float(this OnnxNode node, string name, float otherwise) => node.Find(name)?.Float ?? otherwise;

    public static string Text(this OnnxNode node, string name, string otherwise) => node.Find(name)?.String ?? otherwise;

    /// <summary>The list, or null where the attribute is left out.</summary>
    public static long[]? Ints(this OnnxNode node, string name) => node.Find(name)?.Ints.ToArray();

    /// <summary>Refuses what the engine cannot do; all refusals of a graph are reported together.</summary>
    public static UnsupportedModelException Refuse(this OnnxNode node, string problem) => new(node.ToString(), [problem]);
}
