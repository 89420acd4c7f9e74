using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Broadcasts to the shape that input 1 tells; a 1 there keeps the dimension.</summary>
internal sealed class ExpandOperator(OnnxNode node) : MovementOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        TensorShape wanted = ShapeArithmetic.Shape(context, context.IntegersOf(1, "dimensions"));
        TensorShape output = ShapeArithmetic.Broadcast(context, input, wanted);
        context.SetOutput(0, context.TypeOf(0), output);
        SetWalk(output.Dimensions, StridedLoop.BroadcastStrides(input, output.Dimensions), 0, StridedLoop.StridesOf(output.Dimensions), 0);
    }
}
