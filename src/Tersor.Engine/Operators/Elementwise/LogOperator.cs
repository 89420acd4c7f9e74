using System.Numerics.Tensors;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The natural logarithm.</summary>
internal sealed class LogOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override void Apply(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Log(x, y);

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result) =>
        TensorPrimitives.Divide(gradient, x, result);
}
