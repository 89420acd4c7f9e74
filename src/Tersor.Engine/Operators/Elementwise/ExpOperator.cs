using System.Numerics.Tensors;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The exponential.</summary>
internal sealed class ExpOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override bool DerivativeReadsInput => false;

    protected override bool DerivativeReadsOutput => true;

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Exp(x, y);

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result) =>
        TensorPrimitives.Multiply(gradient, y, result);
}
