using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// Normalization of <c>num_groups</c> groups of channels of every image; <c>epsilon</c> is 1e-5 unless said. Scale and bias are per group before opset 21 and
/// per channel from then on.
/// </summary>
internal sealed class GroupNormalizationOperator(OnnxNode node, long operatorSet) : ChannelGroupsOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long groups = Node.Find("num_groups")?.Int ?? throw context.Malformed("has no num_groups");
        if (input.Rank < 3 || groups < 1 || input[1] % groups != 0) throw context.Malformed($"{groups} groups of an input of {input}");
        SetGroups(context, groups, operatorSet >= 21 ? input[1] : groups);
    }
}
