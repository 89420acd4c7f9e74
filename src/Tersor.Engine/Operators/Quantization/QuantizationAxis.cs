using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Which element of scale and zero point belongs to which value: one for all, or one per place along <c>axis</c> (1 unless said).</summary>
internal readonly record struct QuantizationAxis(int Count, int Inner)
{
    public static QuantizationAxis Of(OperatorContext context, OnnxNode node)
    {
        if (node.Int("block_size", 0) != 0) throw context.Unsupported("block_size; scales per tensor and per axis are supported");
        if (context.HasInput(2) && context.ShapeOf(2).ElementCount != context.ShapeOf(1).ElementCount)
            throw context.Malformed($"scales of {context.ShapeOf(1)} and zero points of {context.ShapeOf(2)}");
        if (context.ShapeOf(1).ElementCount == 1) return new QuantizationAxis(1, 1);
        TensorShape input = context.ShapeOf(0);
        int axis = context.Axis(node.Int("axis", 1), input.Rank);
        if (context.ShapeOf(1).ElementCount != input[axis]) throw context.Malformed($"scales of {context.ShapeOf(1)} for axis {axis} of {input}");
        return new QuantizationAxis((int)input[axis], (int)new TensorShape(input.Dimensions[(axis + 1)..]).ElementCount);
    }

    public int Of(int place) => Count == 1 ? 0 : place / Inner % Count;
}
