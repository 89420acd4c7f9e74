using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = max(0, min(1, alpha * x + beta))</c>; <c>alpha</c> is 0.2 and <c>beta</c> 0.5 unless said.</summary>
internal sealed class HardSigmoidOperator(OnnxNode node) : UnaryOperator(node)
{
    private readonly float _alpha = node.Float("alpha", 0.2f);
    private readonly float _beta = node.Float("beta", 0.5f);

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = MathF.Max(0, MathF.Min(1, (_alpha * x[i]) + _beta));
    }

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < x.Length; i++)
        {
            float line = (_alpha * x[i]) + _beta;
            result[i] = line is > 0 and < 1 ? gradient[i] * _alpha : 0;
        }
    }
}
