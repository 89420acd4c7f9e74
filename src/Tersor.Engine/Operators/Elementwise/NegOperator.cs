using System.Numerics.Tensors;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = -x</c>.</summary>
internal sealed class NegOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override bool DerivativeReadsInput => false;

    protected override bool AppliesToIntegers => true;

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Negate(x, y);

    protected override void Apply(ReadOnlySpan<long> x, Span<long> y) => TensorPrimitives.Negate(x, y);

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result) =>
        TensorPrimitives.Negate(gradient, result);
}
