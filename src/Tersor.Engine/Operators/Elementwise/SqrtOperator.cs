using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The square root.</summary>
internal sealed class SqrtOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Sqrt);
