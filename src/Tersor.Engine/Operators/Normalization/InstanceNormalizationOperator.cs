using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Normalization of every channel of every image; <c>epsilon</c> is 1e-5 unless said.</summary>
internal sealed class InstanceNormalizationOperator(OnnxNode node) : ChannelGroupsOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        if (input.Rank < 3) throw context.Malformed($"an input of {input}; N x C x D1 ... is expected");
        SetGroups(context, groups: input[1], scales: input[1]);
    }
}
