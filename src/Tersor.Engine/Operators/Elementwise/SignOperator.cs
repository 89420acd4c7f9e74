using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>-1, 0 or 1. The derivative is 0 everywhere: methods that train signs bring their own.</summary>
internal sealed class SignOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Sign)
{
    protected override bool AppliesToIntegers => true;

    protected override void Apply(ReadOnlySpan<long> x, Span<long> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = Math.Sign(x[i]);
    }
}
