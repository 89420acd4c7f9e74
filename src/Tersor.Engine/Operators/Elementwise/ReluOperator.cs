using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = max(x, 0)</c>; the derivative at 0 is 0.</summary>
internal sealed class ReluOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Relu)
{
    protected override bool DerivativeReadsOutput => true;

    protected override bool AppliesToIntegers => true;

    public override Activation? AsActivation(OperatorContext context) => Activation.Relu;

    protected override void Apply(ReadOnlySpan<long> x, Span<long> y) => TensorPrimitives.Max(x, 0L, y);
}
