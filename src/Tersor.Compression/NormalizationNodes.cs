using Tersor.Models.Onnx;

namespace Tersor.Compression;

/// <summary>Tells which nodes normalize.</summary>
internal static class NormalizationNodes
{
    /// <summary>Whether a node normalizes by statistics of its input, and scales and shifts what comes of it.</summary>
    public static bool Normalizes(this OnnxNode node) => node.OperatorType is "BatchNormalization" or "InstanceNormalization" or "GroupNormalization" or "LayerNormalization";
}
