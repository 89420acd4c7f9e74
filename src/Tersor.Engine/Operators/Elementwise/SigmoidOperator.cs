using System.Numerics.Tensors;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = 1 / (1 + exp(-x))</c>.</summary>
internal sealed class SigmoidOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override bool DerivativeReadsInput => false;

    protected override bool DerivativeReadsOutput => true;

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Sigmoid(x, y);

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < y.Length; i++) result[i] = gradient[i] * y[i] * (1 - y[i]);
    }
}
