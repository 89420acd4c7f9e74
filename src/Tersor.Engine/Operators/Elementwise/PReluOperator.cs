using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x</c> for <c>x &gt; 0</c>, <c>slope * x</c> below, the slope being broadcast to the argument.</summary>
internal sealed class PReluOperator(OnnxNode node) : BinaryOperator(node, BinaryFunction.ParametricRelu)
{
    protected override long Apply(long x, long y) => x > 0 ? x : x * y;
}
