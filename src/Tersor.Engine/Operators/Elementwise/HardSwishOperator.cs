using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x * max(0, min(1, x / 6 + 0.5))</c>.</summary>
internal sealed class HardSwishOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = x[i] * MathF.Max(0, MathF.Min(1, (x[i] / 6) + 0.5f));
    }

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < x.Length; i++)
        {
            float slope = x[i] <= -3 ? 0 : x[i] >= 3 ? 1 : (x[i] / 3) + 0.5f;
            result[i] = gradient[i] * slope;
        }
    }
}
