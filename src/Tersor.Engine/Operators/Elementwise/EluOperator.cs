using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x</c> for <c>x &gt; 0</c>, <c>alpha * (exp(x) - 1)</c> below; <c>alpha</c> is 1 unless said.</summary>
internal sealed class EluOperator(OnnxNode node) : UnaryOperator(node, new ElementFunction(ElementFunctionKind.Elu, node.Float("alpha", 1f)));
