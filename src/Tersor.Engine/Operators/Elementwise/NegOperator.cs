using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = -x</c>.</summary>
internal sealed class NegOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Negate)
{
    protected override bool AppliesToIntegers => true;

    protected override void Apply(ReadOnlySpan<long> x, Span<long> y) => TensorPrimitives.Negate(x, y);
}
