using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The Gauss error function.</summary>
internal sealed class ErfOperator(OnnxNode node) : UnaryOperator(node, ElementFunctionKind.Erf);
