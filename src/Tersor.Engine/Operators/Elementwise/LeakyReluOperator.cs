using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x</c> for <c>x &gt;= 0</c>, <c>alpha * x</c> below; <c>alpha</c> is 0.01 unless said.</summary>
internal sealed class LeakyReluOperator(OnnxNode node) : UnaryOperator(node)
{
    private readonly float _alpha = node.Float("alpha", 0.01f);

    public override Activation? AsActivation(OperatorContext context) => Activation.LeakyRelu(_alpha);

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = x[i] >= 0 ? x[i] : _alpha * x[i];
    }

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < x.Length; i++) result[i] = x[i] >= 0 ? gradient[i] : _alpha * gradient[i];
    }
}
