using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Operators that compute each channel by itself.</summary>
internal sealed partial class ChannelWalk
{
    private void VisitElementwise(OnnxNode node)
    {
        FreezeInputs(node, $"{node} reads it", from: 1);
        if (LabelsOf(node.Inputs[0]) is { } labels) Label(node.Outputs[0], labels.Axis, labels.Ids);
        else FreezeValue(node.Inputs[0], $"{node} reads it");
    }

    private void VisitPooling(OnnxNode node)
    {
        if (LabelsOf(node.Inputs[0]) is { Axis: 1 } labels) Label(node.Outputs[0], 1, labels.Ids);
        else FreezeInputs(node, $"{node} pools them");
    }

    private void VisitNormalization(OnnxNode node)
    {
        if (LabelsOf(node.Inputs[0]) is not { Axis: 1 } labels)
        {
            FreezeInputs(node, $"{node} reads channels that must stay");
            return;
        }

        bool isBatchNorm = node.OperatorType == "BatchNormalization";
        for (int i = 1; i < node.Inputs.Count; i++) AddVector(node, i, 0, labels.Ids, isBatchNorm && i == 1 ? ChannelRole.Scale : ChannelRole.Vector);
        Label(node.Outputs[0], 1, labels.Ids);
    }

    private void VisitSoftmax(OnnxNode node)
    {
        string input = node.Inputs[0];
        bool takesOneAxis = _graph.OperatorSetVersion() >= 13;
        int axis = Axis(Integer(node, "axis", takesOneAxis ? -1 : 1), ShapeOf(input).Rank);
        bool keepsApart = LabelsOf(input) is { } found && (takesOneAxis ? found.Axis != axis : found.Axis < axis);
        if (keepsApart) Label(node.Outputs[0], LabelsOf(input)!.Axis, LabelsOf(input)!.Ids);
        else FreezeInputs(node, $"{node} mixes them");
    }

    private void VisitReduction(OnnxNode node)
    {
        string input = node.Inputs[0];
        int rank = ShapeOf(input).Rank;
        long[]? axes = node.Find("axes") is { Type: OnnxAttributeType.Ints } attribute ? [.. attribute.Ints]
            : node.Inputs.Count > 1 ? _inferred.ConstantOf(node.Inputs[1])?.Integers : null;
        if (LabelsOf(input) is not { } labels || axes is null or { Length: 0 } || axes.Any(axis => Axis(axis, rank) == labels.Axis))
        {
            FreezeInputs(node, $"{node} mixes them");
            return;
        }

        int removed = Integer(node, "keepdims", 1) != 0 ? 0 : axes.Count(axis => Axis(axis, rank) < labels.Axis);
        Label(node.Outputs[0], labels.Axis - removed, labels.Ids);
    }

    private void VisitBroadcast(OnnxNode node)
    {
        TensorShape output = ShapeOf(node.Outputs[0]);
        int OwnAxis(string input, int axis) => axis - (output.Rank - ShapeOf(input).Rank);
        bool IsWhole(string input, int axis) => OwnAxis(input, axis) is >= 0 and var own && ShapeOf(input)[own] == output[axis];

        string? main = node.Inputs.FirstOrDefault(input => LabelsOf(input) is { } found && IsWhole(input, found.Axis + output.Rank - ShapeOf(input).Rank));
        if (main is null)
        {
            FreezeInputs(node, $"{node} reads channels that must stay");
            return;
        }

        ChannelLabels labels = LabelsOf(main)!;
        int axis = labels.Axis + output.Rank - ShapeOf(main).Rank;
        foreach (string input in node.Inputs)
        {
            int own = OwnAxis(input, axis);
            if (IsInitializer(input))
            {
                bool isWhole = IsWhole(input, axis);
                if (isWhole) Ids.Unite(labels.Ids, AxisOf(input, own, ChannelRole.Vector));
                FreezeAxes(input, $"{node} reads it", isWhole ? [own] : []);
                continue;
            }

            ChannelLabels? other = LabelsOf(input);
            bool isAlongside = other is not null && other.Axis == own;
            if (other is not null && !isAlongside) Ids.Freeze(other.Ids, $"{node} takes them across other channels");
            if (!IsWhole(input, axis)) continue;
            if (isAlongside) Ids.Unite(labels.Ids, other!.Ids);
            else Ids.Freeze(labels.Ids, $"{node} takes them with '{input}', whose channels must stay");
        }

        Label(node.Outputs[0], axis, labels.Ids);
    }
}
