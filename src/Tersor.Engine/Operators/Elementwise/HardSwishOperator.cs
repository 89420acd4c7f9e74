using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x * max(0, min(1, x / 6 + 0.5))</c>.</summary>
internal sealed class HardSwishOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.HardSwish);
