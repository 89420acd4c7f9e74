using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// <c>y = x * Phi(x)</c> with the normal distribution function; with <c>approximate = tanh</c>,
/// <c>0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))</c>.
/// </summary>
internal sealed class GeluOperator : UnaryOperator
{
    private const float RootHalf = 0.70710677f;
    private const float RootTwoOverPi = 0.7978846f;
    private const float Cubic = 0.044715f;

    private readonly bool _isTanh;

    public GeluOperator(OnnxNode node)
        : base(node)
    {
        string approximate = node.Text("approximate", "none");
        _isTanh = approximate == "tanh";
        if (!_isTanh && approximate != "none") throw node.Refuse($"approximate = '{approximate}' is not one of none, tanh");
    }

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            float v = x[i];
            y[i] = 0.5f * v * (1 + (_isTanh ? MathF.Tanh(Inner(v)) : ErrorFunction.Erf(v * RootHalf)));
        }
    }

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < x.Length; i++)
        {
            float v = x[i];
            float slope;
            if (_isTanh)
            {
                float t = MathF.Tanh(Inner(v));
                slope = (0.5f * (1 + t)) + (0.5f * v * (1 - (t * t)) * RootTwoOverPi * (1 + (3 * Cubic * v * v)));
            }
            else
            {
                slope = (0.5f * (1 + ErrorFunction.Erf(v * RootHalf))) + (0.5f * v * RootHalf * ErrorFunction.ErfDerivative(v * RootHalf));
            }

            result[i] = gradient[i] * slope;
        }
    }

    private static float Inner(float x) => RootTwoOverPi * (x + (Cubic * x * x * x));
}
