using System.Numerics.Tensors;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The smallest of any number of broadcast arguments; a NaN wins.</summary>
internal sealed class MinOperator(OnnxNode node) : ExtremumOperator(node)
{
    protected override void Combine(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Min(x, y, result);

    protected override void Combine(ReadOnlySpan<long> x, ReadOnlySpan<long> y, Span<long> result) => TensorPrimitives.Min(x, y, result);
}
