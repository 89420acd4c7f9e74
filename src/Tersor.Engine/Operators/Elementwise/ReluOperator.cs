using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = max(x, 0)</c>; the derivative at 0 is 0.</summary>
internal sealed class ReluOperator(OnnxNode node) : UnaryOperator(node)
{
    protected override bool DerivativeReadsInput => false;

    protected override bool DerivativeReadsOutput => true;

    protected override bool AppliesToIntegers => true;

    public override Activation? AsActivation(OperatorContext context) => Activation.Relu;

    protected override void Apply(ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.Max(x, 0f, y);

    protected override void Apply(ReadOnlySpan<long> x, Span<long> y) => TensorPrimitives.Max(x, 0L, y);

    protected override void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result)
    {
        for (int i = 0; i < y.Length; i++) result[i] = y[i] > 0 ? gradient[i] : 0;
    }
}
