using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// Which values Softmax and LogSoftmax take together: those along <c>axis</c> (-1 unless said) from opset 13 on; before, all dimensions from <c>axis</c>
/// (1 unless said) on.
/// </summary>
internal readonly record struct SoftmaxAxis(int Outer, int Size, int Inner)
{
    public static SoftmaxAxis Of(OperatorContext context, OnnxNode node, long operatorSet)
    {
        TensorShape input = context.ShapeOf(0);
        int axis = context.Axis(node.Int("axis", operatorSet >= 13 ? -1 : 1), input.Rank);
        int outer = (int)new TensorShape(input.Dimensions[..axis]).ElementCount;
        int rest = (int)new TensorShape(input.Dimensions[(axis + 1)..]).ElementCount;
        return operatorSet >= 13 ? new SoftmaxAxis(outer, (int)input[axis], rest) : new SoftmaxAxis(outer, (int)input[axis] * rest, 1);
    }
}
