using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The exponential.</summary>
internal sealed class ExpOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Exp);
