using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The absolute value; the derivative at 0 is 0.</summary>
internal sealed class AbsOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Abs)
{
    protected override bool AppliesToIntegers => true;

    protected override void Apply(ReadOnlySpan<long> x, Span<long> y) => TensorPrimitives.Abs(x, y);
}
