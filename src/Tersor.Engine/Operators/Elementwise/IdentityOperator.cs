using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x</c>.</summary>
internal sealed class IdentityOperator(OnnxNode node) : ViewOperator(node)
{
    public override void InferTypes(OperatorContext context) => context.SetOutput(0, context.TypeOf(0), context.ShapeOf(0));
}
