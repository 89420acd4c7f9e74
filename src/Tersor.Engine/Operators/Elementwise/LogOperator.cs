using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The natural logarithm.</summary>
internal sealed class LogOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Log);
