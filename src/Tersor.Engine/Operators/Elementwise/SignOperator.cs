using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>-1, 0 or 1; a NaN stays. The derivative is 0 everywhere: methods that train signs bring their own.</summary>
internal sealed class SignOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override bool DerivativeReadsInput => false;

    protected override bool AppliesToIntegers => true;

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = x[i] > 0 ? 1 : x[i] < 0 ? -1 : x[i];
    }

    protected override void Apply(ReadOnlySpan<long> x, Span<long> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = Math.Sign(x[i]);
    }

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result) => result.Clear();
}
