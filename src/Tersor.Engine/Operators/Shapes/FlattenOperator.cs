using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The same elements as a matrix: the dimensions before <c>axis</c> (1 unless said) make the rows, the others the columns.</summary>
internal sealed class FlattenOperator(OnnxNode node) : ViewOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long axis = Node.Int("axis", 1);
        if (axis < -input.Rank || axis > input.Rank) throw context.Malformed($"axis {axis} of {input}");
        int cut = (int)(axis < 0 ? axis + input.Rank : axis);
        context.SetOutput(0, context.TypeOf(0), new TensorShape(new TensorShape(input.Dimensions[..cut]).ElementCount, new TensorShape(input.Dimensions[cut..]).ElementCount));
    }
}
