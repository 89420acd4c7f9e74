using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Normalization over the dimensions from <c>axis</c> (-1 unless said) on; <c>epsilon</c> is 1e-5 unless said. Further outputs: mean and inverse deviation.</summary>
internal sealed class LayerNormalizationOperator(OnnxNode node) : RowNormalizationOperator(node, node.Float("epsilon", 1e-5f))
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        int axis = context.Axis(Node.Int("axis", -1), input.Rank);
        int rows = (int)new TensorShape(input.Dimensions[..axis]).ElementCount;
        long length = new TensorShape(input.Dimensions[axis..]).ElementCount;
        if (context.ShapeOf(1).ElementCount != length) throw context.Malformed($"a scale of {context.ShapeOf(1)} for stretches of {length}");
        SetRows(context, rows, run: 1);
        long[] reduced = input.Dimensions.ToArray();
        reduced.AsSpan(axis).Fill(1);
        for (int output = 1; output <= 2 && output < context.OutputCount; output++) context.SetOutput(output, ElementType.Float32, new TensorShape(reduced));
    }
}
