using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Normalization of every channel of every image; <c>epsilon</c> is 1e-5 unless said.</summary>
internal sealed class InstanceNormalizationOperator(OnnxNode node) : RowNormalizationOperator(node, node.Float("epsilon", 1e-5f))
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        if (input.Rank < 3) throw context.Malformed($"an input of {input}; N x C x D1 ... is expected");
        if (context.ShapeOf(1).ElementCount != input[1]) throw context.Malformed($"a scale of {context.ShapeOf(1)} for {input[1]} channels");
        SetRows(context, checked((int)(input[0] * input[1])), (int)new TensorShape(input.Dimensions[2..]).ElementCount);
    }
}
