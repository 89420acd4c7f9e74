using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// <c>y = x * Phi(x)</c> with the normal distribution function; with <c>approximate = tanh</c>,
/// <c>0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))</c>.
/// </summary>
internal sealed class GeluOperator(OnnxNode node) : UnaryOperator(node, FunctionOf(node))
{
    private static ElementFunction FunctionOf(OnnxNode node) => node.Text("approximate", "none") switch
    {
        "none" => ElementFunctionKind.Gelu,
        "tanh" => ElementFunctionKind.GeluTanh,
        string other => throw node.Refuse($"approximate = '{other}' is not one of none, tanh"),
    };
}
