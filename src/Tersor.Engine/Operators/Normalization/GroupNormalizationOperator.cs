using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// Normalization of <c>num_groups</c> groups of channels of every image; <c>epsilon</c> is 1e-5 unless said. Scale and bias are per group before opset 21 and
/// per channel from then on.
/// </summary>
internal sealed class GroupNormalizationOperator(OnnxNode node, long operatorSet) : RowNormalizationOperator(node, node.Float("epsilon", 1e-5f))
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long groups = Node.Find("num_groups")?.Int ?? throw context.Malformed("has no num_groups");
        if (input.Rank < 3 || groups < 1 || input[1] % groups != 0) throw context.Malformed($"{groups} groups of an input of {input}");
        long places = new TensorShape(input.Dimensions[2..]).ElementCount;
        bool isPerChannel = operatorSet >= 21;
        if (context.ShapeOf(1).ElementCount != (isPerChannel ? input[1] : groups))
            throw context.Malformed($"a scale of {context.ShapeOf(1)} for {groups} groups of {input[1]} channels");
        SetRows(context, checked((int)(input[0] * groups)), checked((int)(isPerChannel ? places : places * (input[1] / groups))));
    }
}
