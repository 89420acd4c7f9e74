using System.Numerics.Tensors;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The absolute value; the derivative at 0 is 0.</summary>
internal sealed class AbsOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override bool AppliesToIntegers => true;

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Abs(x, y);

    protected override void Apply(ReadOnlySpan<long> x, Span<long> y) => TensorPrimitives.Abs(x, y);

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < x.Length; i++) result[i] = x[i] > 0 ? gradient[i] : x[i] < 0 ? -gradient[i] : 0;
    }
}
