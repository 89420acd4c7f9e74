using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x + y</c>, and at inference the ReLU that follows.</summary>
internal sealed class AddOperator(OnnxNode node) : BinaryOperator(node, BinaryFunction.Add)
{
    private bool _clips;

    public override bool BackwardReadsInput(int input) => false;

    public override bool PassesGradient(int input) => IsOneToOne;

    public override bool TryFuse(Activation activation)
    {
        if (_clips || activation != Activation.Relu) return false;
        _clips = true;
        return true;
    }

    public override void Forward(OperatorContext context)
    {
        base.Forward(context);
        if (_clips && context.TypeOf(0) == ElementType.Float32) TensorPrimitives.Max(context.OutputSingles(0), 0f, context.OutputSingles(0));
    }

    protected override long Apply(long x, long y) => x + y;
}
