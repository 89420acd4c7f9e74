using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x * y</c>.</summary>
internal sealed class MulOperator(OnnxNode node) : BinaryOperator(node, BinaryFunction.Multiply)
{
    protected override long Apply(long x, long y) => x * y;
}
