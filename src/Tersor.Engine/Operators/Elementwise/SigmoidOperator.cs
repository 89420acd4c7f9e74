using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = 1 / (1 + exp(-x))</c>.</summary>
internal sealed class SigmoidOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Sigmoid);
