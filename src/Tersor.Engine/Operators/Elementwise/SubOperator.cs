using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x - y</c>.</summary>
internal sealed class SubOperator(OnnxNode node) : BinaryOperator(node, BinaryFunction.Subtract)
{
    protected override long Apply(long x, long y) => x - y;
}
