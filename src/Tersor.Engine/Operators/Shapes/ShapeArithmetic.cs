using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Shapes from numbers that a model gives.</summary>
internal static class ShapeArithmetic
{
    /// <summary>A shape of these dimensions.</summary>
    /// <exception cref="ModelFormatException">A dimension is negative or the number of elements overflows.</exception>
    public static TensorShape Shape(OperatorContext context, ReadOnlySpan<long> dimensions) =>
        TensorShape.TryCountElements(dimensions, out _)
            ? new TensorShape(dimensions)
            : throw context.Malformed($"dimensions [{string.Join(", ", dimensions.ToArray())}] are negative or too large");

    /// <summary>
    /// The axes of a reduction: an attribute before the given opset and an input from then on; null where none are named.
    /// </summary>
    public static long[]? Axes(OperatorContext context, OnnxNode node, bool areInput, int input = 1)
    {
        if (!areInput) return node.Ints("axes");
        return context.HasInput(input) ? context.IntegersOf(input, "axes") : null;
    }
}
