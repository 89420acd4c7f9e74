using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x / y</c>; whole numbers are cut towards zero, and a division of those by 0, which ONNX leaves open, gives 0.</summary>
internal sealed class DivOperator(OnnxNode node) : BinaryOperator(node, BinaryFunction.Divide)
{
    protected override long Apply(long x, long y) => y == 0 ? 0 : y == -1 ? -x : x / y;
}
