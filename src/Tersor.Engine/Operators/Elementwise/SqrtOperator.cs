using System.Numerics.Tensors;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The square root.</summary>
internal sealed class SqrtOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override bool DerivativeReadsInput => false;

    protected override bool DerivativeReadsOutput => true;

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Sqrt(x, y);

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < y.Length; i++) result[i] = gradient[i] * 0.5f / y[i];
    }
}
