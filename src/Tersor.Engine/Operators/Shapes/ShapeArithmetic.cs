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

    /// <summary>The shape that two broadcast shapes make.</summary>
    /// <exception cref="ModelFormatException">They do not fit each other.</exception>
    public static TensorShape Broadcast(OperatorContext context, TensorShape left, TensorShape right) =>
        TryBroadcast(left, right) ?? throw context.Malformed($"shapes {left} and {right} cannot be broadcast to each other");

    /// <summary>The shape that two broadcast shapes make; null where they do not fit each other.</summary>
    public static TensorShape? TryBroadcast(TensorShape left, TensorShape right)
    {
        int rank = Math.Max(left.Rank, right.Rank);
        long[] dimensions = new long[rank];
        for (int i = 0; i < rank; i++)
        {
            long l = i < rank - left.Rank ? 1 : left[i - rank + left.Rank];
            long r = i < rank - right.Rank ? 1 : right[i - rank + right.Rank];
            if (l != r && l != 1 && r != 1) return null;
            dimensions[i] = l == 1 ? r : l;
        }

        return new TensorShape(dimensions);
    }

    /// <summary>The dimensions as kernels take them.</summary>
    /// <exception cref="UnsupportedModelException">There are more than kernels take.</exception>
    public static int[] Sizes(OperatorContext context, TensorShape shape)
    {
        if (shape.Rank > Kernels.Broadcast.MaxRank) throw context.Unsupported($"{shape.Rank} dimensions; {Kernels.Broadcast.MaxRank} are supported");
        return Array.ConvertAll(shape.Dimensions.ToArray(), dimension => checked((int)dimension));
    }
}
