using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The Gauss error function.</summary>
internal sealed class ErfOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = ErrorFunction.Erf(x[i]);
    }

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < x.Length; i++) result[i] = gradient[i] * ErrorFunction.ErfDerivative(x[i]);
    }
}
