using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = max(0, min(1, alpha * x + beta))</c>; <c>alpha</c> is 0.2 and <c>beta</c> 0.5 unless said.</summary>
internal sealed class HardSigmoidOperator(OnnxNode node) : UnaryOperator(node, new ElementFunction(ElementFunctionKind.HardSigmoid, node.Float("alpha", 0.2f), node.Float("beta", 0.5f)));
