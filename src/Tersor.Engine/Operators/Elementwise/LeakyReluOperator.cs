using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x</c> for <c>x &gt; 0</c>, <c>alpha * x</c> below; <c>alpha</c> is 0.01 unless said.</summary>
internal sealed class LeakyReluOperator(OnnxNode node) : UnaryOperator(node, new ElementFunction(ElementFunctionKind.LeakyRelu, node.Float("alpha", 0.01f)))
{
    private readonly float _alpha = node.Float("alpha", 0.01f);

    public override Activation? AsActivation(OperatorContext context) => Activation.LeakyRelu(_alpha);
}
