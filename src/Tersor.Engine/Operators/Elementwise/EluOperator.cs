using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x</c> for <c>x &gt;= 0</c>, <c>alpha * (exp(x) - 1)</c> below; <c>alpha</c> is 1 unless said.</summary>
internal sealed class EluOperator(OnnxNode node) : UnaryOperator(node)
{
    private readonly float _alpha = node.Float("alpha", 1f);

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = x[i] >= 0 ? x[i] : _alpha * (MathF.Exp(x[i]) - 1);
    }

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < x.Length; i++) result[i] = x[i] >= 0 ? gradient[i] : gradient[i] * _alpha * MathF.Exp(x[i]);
    }
}
