using System.Text.Json.Nodes;
using Tersor.Models;

namespace Tersor.Cli.Output;

/// <summary>How reports speak of a tensor.</summary>
internal static class TensorFields
{
    /// <summary>Name, type, shape and sizes as JSON.</summary>
    public static JsonObject Describe(Tensor tensor) => new()
    {
        ["name"] = tensor.Name,
        ["type"] = tensor.ElementType.Name(),
        ["shape"] = Shape(tensor.Shape),
        ["elements"] = tensor.ElementCount,
        ["bytes"] = tensor.ByteLength,
    };

    /// <summary>The dimensions as a JSON array, outermost first.</summary>
    public static JsonArray Shape(TensorShape shape)
    {
        JsonArray dimensions = [];
        foreach (long dimension in shape.Dimensions) dimensions.Add(dimension);
        return dimensions;
    }

    /// <summary>Such as <c>1 tensor</c> or <c>1,024 tensors</c>.</summary>
    public static string CountOf(long tensors) => tensors == 1 ? "1 tensor" : Numbers.Count(tensors) + " tensors";
}
