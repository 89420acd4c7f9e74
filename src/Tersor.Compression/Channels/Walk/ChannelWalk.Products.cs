using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Products with weights: they read channels and make new ones.</summary>
internal sealed partial class ChannelWalk
{
    // W is M x C/g x kernel.
    private void VisitConvolution(OnnxNode node)
    {
        (string input, string weight, string output) = (node.Inputs[0], node.Inputs[1], node.Outputs[0]);
        if (!IsInitializer(weight))
        {
            FreezeInputs(node, $"{node} has no constant weight");
            return;
        }

        TensorShape shape = ShapeOf(weight);
        int groups = (int)Integer(node, "group", 1);
        int[] made = AxisOf(weight, 0, ChannelRole.Output);
        bool isDepthwise = groups > 1 && shape[1] == 1;
        if (isDepthwise)
        {
            FreezeAxes(weight, $"{node} slides it", 0);
            if (ReadChannels(node, input) is { } read)
            {
                for (int i = 0; i < made.Length; i++) Ids.Unite(read[i / (made.Length / groups)], made[i]);
                Edits.Add(new GroupCountEdit(node, read));
            }
            else
            {
                Ids.Freeze(made, $"{node} reads channels that must stay");
            }
        }
        else
        {
            FreezeAxes(weight, $"{node} slides it", 0, 1);
            TieGroups(made, groups);
            Consume(node, input, AxisOf(weight, 1, ChannelRole.Input), groups);
        }

        Label(node.Outputs[0], 1, made);
        AddVector(node, 2, 0, made);
        Products.Add(new ChannelProduct(Resolve(weight), made, Places(ShapeOf(output), 1)));
    }

    // W is C x M/g x kernel.
    private void VisitTransposedConvolution(OnnxNode node)
    {
        (string input, string weight) = (node.Inputs[0], node.Inputs[1]);
        if (!IsInitializer(weight))
        {
            FreezeInputs(node, $"{node} has no constant weight");
            return;
        }

        TensorShape shape = ShapeOf(weight);
        int groups = (int)Integer(node, "group", 1);
        int perGroup = (int)shape[1];
        int[] read = AxisOf(weight, 0, ChannelRole.Input);
        FreezeAxes(weight, $"{node} slides it", 0, 1);
        int[] made;
        if (groups > 1 && shape[0] == groups)
        {
            // Each group reads one channel and goes with it.
            Ids.Freeze(AxisOf(weight, 1, ChannelRole.Vector), $"{node} slides it");
            made = [.. Enumerable.Range(0, groups * perGroup).Select(i => read[i / perGroup])];
            Edits.Add(new GroupCountEdit(node, read));
        }
        else
        {
            TieGroups(read, groups);
            int[] offsets = AxisOf(weight, 1, ChannelRole.Output);
            made = [.. Enumerable.Range(0, groups * perGroup).Select(i => offsets[i % perGroup])];
        }

        if (ReadChannels(node, input) is { } channels) Ids.Unite(channels, read);
        else Ids.Freeze(read, $"{node} reads channels that must stay");
        Label(node.Outputs[0], 1, made);
        AddVector(node, 2, 0, made);
        Products.Add(new ChannelProduct(Resolve(weight), made, Places(ShapeOf(input), 1)));
    }

    private void VisitGemm(OnnxNode node)
    {
        (string input, string weight) = (node.Inputs[0], node.Inputs[1]);
        if (!IsInitializer(weight) || IsInitializer(input) || Integer(node, "transA", 0) != 0)
        {
            FreezeInputs(node, $"{node} is no product of channels with a constant weight");
            return;
        }

        int outputAxis = Integer(node, "transB", 0) != 0 ? 0 : 1;
        VisitMatrix(node, input, weight, outputAxis, channelAxis: 1);
        if (node.Inputs.Count < 3 || node.Inputs[2].Length == 0) return;
        TensorShape summand = ShapeOf(node.Inputs[2]);
        int[] made = AxisOf(weight, outputAxis, ChannelRole.Output);
        if (summand.Rank > 0 && summand[summand.Rank - 1] == made.Length) AddVector(node, 2, summand.Rank - 1, made);
        else FreezeValue(node.Inputs[2], $"{node} adds it");
    }

    private void VisitMatrixProduct(OnnxNode node)
    {
        (string input, string weight) = (node.Inputs[0], node.Inputs[1]);
        int rank = ShapeOf(input).Rank;
        if (!IsInitializer(weight) || IsInitializer(input) || ShapeOf(weight).Rank != 2 || rank < 2)
        {
            FreezeInputs(node, $"{node} is no product of channels with a constant weight");
            return;
        }

        VisitMatrix(node, input, weight, outputAxis: 1, channelAxis: rank - 1);
    }

    private void VisitMatrix(OnnxNode node, string input, string weight, int outputAxis, int channelAxis)
    {
        int[] made = AxisOf(weight, outputAxis, ChannelRole.Output);
        int[] read = AxisOf(weight, 1 - outputAxis, ChannelRole.Input);
        Products.Add(new ChannelProduct(Resolve(weight), made, Places(ShapeOf(input), channelAxis)));
        if (LabelsOf(input) is { } labels && labels.Axis != channelAxis)
        {
            // The rows are the channels: the product takes each for itself.
            Ids.Freeze(made, $"{node} makes other channels than it reads");
            Ids.Freeze(read, $"{node} reads other channels");
            Label(node.Outputs[0], labels.Axis, labels.Ids);
            return;
        }

        if (LabelsOf(input) is not null)
        {
            Ids.Unite(LabelsOf(input)!.Ids, read);
            Read.Add(input);
        }
        else
        {
            Ids.Freeze(read, $"{node} reads channels that must stay");
        }

        Label(node.Outputs[0], ShapeOf(node.Outputs[0]).Rank - 1, made);
    }

    // An embedding: rows of a table are taken, its columns are the channels.
    private void VisitGather(OnnxNode node)
    {
        string data = node.Inputs[0];
        int rank = ShapeOf(data).Rank;
        int axis = Axis(Integer(node, "axis", 0), rank);
        int added = ShapeOf(node.Inputs[1]).Rank - 1;
        if (IsInitializer(data) && rank == 2 && axis == 0)
        {
            FreezeAxes(data, $"{node} looks entries up", 1);
            Label(node.Outputs[0], 1 + added, AxisOf(data, 1, ChannelRole.Output));
        }
        else if (LabelsOf(data) is { } labels && labels.Axis != axis)
        {
            Label(node.Outputs[0], labels.Axis < axis ? labels.Axis : labels.Axis + added, labels.Ids);
        }
        else
        {
            FreezeInputs(node, $"{node} picks among them");
        }
    }

    /// <summary>The channels that a convolution reads; null where they must stay.</summary>
    private int[]? ReadChannels(OnnxNode node, string input)
    {
        if (LabelsOf(input) is { Axis: 1 } labels)
        {
            Read.Add(input);
            return labels.Ids;
        }

        FreezeValue(input, $"{node} reads another axis");
        return null;
    }

    // A grouped weight has an axis of C/g: channel j of the input lies at j mod C/g, so that all groups lose the same places.
    private void Consume(OnnxNode node, string input, int[] offsets, int groups)
    {
        if (ReadChannels(node, input) is not { } channels)
        {
            Ids.Freeze(offsets, $"{node} reads channels that must stay");
            return;
        }

        for (int i = 0; i < offsets.Length * groups; i++) Ids.Unite(channels[i], offsets[i % offsets.Length]);
    }

    private void TieGroups(int[] channels, int groups)
    {
        int perGroup = channels.Length / groups;
        for (int i = perGroup; i < channels.Length; i++) Ids.Unite(channels[i % perGroup], channels[i]);
    }

    /// <summary>A number per channel, such as a bias.</summary>
    private void AddVector(OnnxNode node, int input, int axis, int[] channels, ChannelRole role = ChannelRole.Vector)
    {
        if (input >= node.Inputs.Count || node.Inputs[input].Length == 0) return;
        string name = node.Inputs[input];
        TensorShape shape = ShapeOf(name);
        if (IsInitializer(name) && shape.Rank > axis && shape[axis] == channels.Length)
        {
            FreezeAxes(name, $"{node} reads it", axis);
            Ids.Unite(channels, AxisOf(name, axis, role));
            return;
        }

        FreezeValue(name, $"{node} reads it");
        Ids.Freeze(channels, $"{node} reads '{name}', which is not constant");
    }

    private static long Places(TensorShape shape, int channelAxis) => shape.ElementCount / Math.Max(1, shape[channelAxis]);

    private static int Axis(long axis, int rank) => (int)(axis < 0 ? axis + rank : axis);
}
