using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The hyperbolic tangent.</summary>
internal sealed class TanhOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Tanh);
