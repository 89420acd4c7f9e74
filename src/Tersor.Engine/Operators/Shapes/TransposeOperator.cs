using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Puts the dimensions in the order <c>perm</c>; reversed unless said.</summary>
internal sealed class TransposeOperator(OnnxNode node) : MovementOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long[] order = Node.Ints("perm") ?? [.. Enumerable.Range(0, input.Rank).Select(i => (long)(input.Rank - 1 - i))];
        if (order.Length != input.Rank || order.Order().Where((axis, i) => axis != i).Any())
            throw context.Malformed($"perm [{string.Join(", ", order)}] for an input of {input}");
        long[] strides = StridedLoop.StridesOf(input.Dimensions);
        long[] dimensions = Array.ConvertAll(order, axis => input[(int)axis]);
        context.SetOutput(0, context.TypeOf(0), new TensorShape(dimensions));
        SetWalk(dimensions, Array.ConvertAll(order, axis => strides[axis]), 0, StridedLoop.StridesOf(dimensions), 0);
    }
}
