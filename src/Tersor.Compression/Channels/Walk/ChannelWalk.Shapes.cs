using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Operators that move channels about.</summary>
internal sealed partial class ChannelWalk
{
    private void VisitTranspose(OnnxNode node)
    {
        if (LabelsOf(node.Inputs[0]) is not { } labels)
        {
            FreezeInputs(node, $"{node} moves it");
            return;
        }

        int rank = ShapeOf(node.Inputs[0]).Rank;
        long[] order = node.Find("perm") is { } perm ? [.. perm.Ints] : [.. Enumerable.Range(0, rank).Select(i => (long)(rank - 1 - i))];
        Label(node.Outputs[0], Array.IndexOf(order, labels.Axis), labels.Ids);
    }

    private void VisitReshape(OnnxNode node)
    {
        (string input, string output) = (node.Inputs[0], node.Outputs[0]);
        bool dropsAnyOne = node.OperatorType == "Squeeze" && node.Find("axes") is null && node.Inputs.Count < 2;
        (int Axis, int[] Ids)? moved = LabelsOf(input) is { } labels && !dropsAnyOne ? Reshaped(labels, ShapeOf(input), ShapeOf(output)) : null;
        if (moved is null)
        {
            FreezeInputs(node, $"{node} arranges them anew");
            return;
        }

        if (node.OperatorType == "Reshape") StateDimensions(node, moved.Value.Axis, moved.Value.Ids);
        Label(output, moved.Value.Axis, moved.Value.Ids);
    }

    // A dimension of -1 finds its size by itself. Dimensions that the graph computes are stated instead, the batch as it comes.
    private void StateDimensions(OnnxNode node, int axis, int[] ids)
    {
        long[] sizes = [.. _inferred.ConstantOf(node.Inputs[1])!.Integers];
        if (sizes[axis] == -1) return;
        TensorShape input = ShapeOf(node.Inputs[0]);
        if (!_initializers.ContainsKey(Resolve(node.Inputs[1])) && sizes[0] == input[0] && axis != 0 && Integer(node, "allowzero", 0) == 0) sizes[0] = 0;
        Edits.Add(new StatedSizeEdit(node, 1, sizes, axis, ids));
    }

    /// <summary>
    /// Where channels lie after a reshape: along the dimension that their places went into, with each id as often as elements of it follow each other; or, where such
    /// elements part again, along the dimension that tells them apart. Null where no dimension holds them alone.
    /// </summary>
    private (int Axis, int[] Ids)? Reshaped(ChannelLabels labels, TensorShape from, TensorShape to)
    {
        int[] ids = labels.Ids;
        if (ids.Length < 2 || from.ElementCount == 0) return null;
        long inner = new TensorShape(from.Dimensions[(labels.Axis + 1)..]).ElementCount;
        long newInner = 1;
        for (int axis = to.Rank - 1; axis >= 0; newInner *= to[axis--])
        {
            long extent = newInner * to[axis];
            if (to[axis] < 2) continue;
            if (inner % newInner == 0 && extent % (inner * ids.Length) == 0)
            {
                long repeats = inner / newInner;
                return (axis, [.. Enumerable.Range(0, (int)to[axis]).Select(i => ids[(int)(i / repeats % ids.Length)])]);
            }

            if (newInner % inner == 0 && inner * ids.Length % extent == 0 && TellsApart(ids, (int)(newInner / inner), (int)to[axis]) is { } apart) return (axis, apart);
        }

        return null;
    }

    // Ids by their digit along one dimension, where they depend on nothing else.
    private int[]? TellsApart(int[] ids, int stride, int size)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            if (Ids.Find(ids[i]) != Ids.Find(ids[i / stride % size * stride])) return null;
        }

        return [.. Enumerable.Range(0, size).Select(i => ids[i * stride])];
    }

    private void VisitConcat(OnnxNode node)
    {
        int axis = Axis(Integer(node, "axis", 0), ShapeOf(node.Outputs[0]).Rank);
        ChannelLabels[] labelled = [.. node.Inputs.Select(LabelsOf).OfType<ChannelLabels>()];
        if (labelled.Length == 0 || labelled.Any(labels => labels.Axis != labelled[0].Axis))
        {
            FreezeInputs(node, $"{node} joins them along another axis");
            return;
        }

        int channelAxis = labelled[0].Axis;
        int[][] parts = [.. node.Inputs.Select(input => ChannelsOf(node, input, channelAxis))];
        if (channelAxis == axis)
        {
            Label(node.Outputs[0], axis, [.. parts.SelectMany(part => part)]);
            return;
        }

        foreach (int[] part in parts.Skip(1)) Ids.Unite(parts[0], part);
        Label(node.Outputs[0], channelAxis, parts[0]);
    }

    private int[] ChannelsOf(OnnxNode node, string input, int axis)
    {
        if (LabelsOf(input) is { } labels) return labels.Ids;
        if (IsInitializer(input))
        {
            FreezeAxes(input, $"{node} joins it", axis);
            return AxisOf(input, axis, ChannelRole.Vector);
        }

        int[] staying = Ids.Add(ShapeOf(input)[axis]);
        Ids.Freeze(staying, $"{node} joins them with '{input}', whose channels must stay");
        return staying;
    }

    private void VisitSplit(OnnxNode node)
    {
        string input = node.Inputs[0];
        if (LabelsOf(input) is not { } labels)
        {
            FreezeInputs(node, $"{node} parts it");
            return;
        }

        int axis = Axis(Integer(node, "axis", 0), ShapeOf(input).Rank);
        int start = 0;
        List<int[]> parts = [];
        foreach (string output in node.Outputs)
        {
            // A part without a name has no shape either; where the next one begins cannot be told.
            if (output.Length == 0)
            {
                Ids.Freeze(labels.Ids, $"{node} has parts without a name");
                return;
            }

            int[] part = axis == labels.Axis ? labels.Ids[start..(start += (int)ShapeOf(output)[axis])] : labels.Ids;
            parts.Add(part);
            Label(output, labels.Axis, part);
        }

        if (axis == labels.Axis) Edits.Add(new SplitEdit(node, parts, _graph.OperatorSetVersion() >= 13));
    }

    private void VisitSlice(OnnxNode node)
    {
        (string input, string output) = (node.Inputs[0], node.Outputs[0]);
        bool boundsAreInputs = _graph.OperatorSetVersion() >= 10;
        long[]? starts = Bounds(node, "starts", boundsAreInputs, 1);
        long[]? ends = Bounds(node, "ends", boundsAreInputs, 2);
        int rank = ShapeOf(input).Rank;
        if (LabelsOf(input) is not { } labels || starts is null || ends is null)
        {
            FreezeInputs(node, $"{node} cuts it");
            return;
        }

        long[] axes = Bounds(node, "axes", boundsAreInputs, 3) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        int place = Array.FindIndex(axes, axis => Axis(axis, rank) == labels.Axis);
        if (place < 0)
        {
            Label(output, labels.Axis, labels.Ids);
            return;
        }

        long step = boundsAreInputs ? Bounds(node, "steps", true, 4)?[place] ?? 1 : 1;
        bool areStated = !boundsAreInputs || (_initializers.ContainsKey(Resolve(node.Inputs[1])) && _initializers.ContainsKey(Resolve(node.Inputs[2])));
        if (step != 1 || !areStated)
        {
            FreezeInputs(node, $"{node} cuts among them");
            return;
        }

        int size = labels.Ids.Length;
        int first = (int)Math.Clamp(starts[place] < 0 ? starts[place] + size : starts[place], 0, size);
        int[] within = labels.Ids[first..(first + (int)ShapeOf(output)[labels.Axis])];
        Edits.Add(new SliceEdit(node, starts, ends, place, labels.Ids[..first], within, boundsAreInputs));
        Label(output, labels.Axis, within);
    }

    private long[]? Bounds(OnnxNode node, string name, bool areInputs, int input)
    {
        if (!areInputs) return node.Find(name) is { } attribute ? [.. attribute.Ints] : null;
        return input < node.Inputs.Count && _inferred.ConstantOf(node.Inputs[input]) is { } constant ? constant.Integers : null;
    }

    // Along other axes only: new places between channels are of neither.
    private void VisitResize(OnnxNode node)
    {
        const int Sizes = 3;
        (string input, string output) = (node.Inputs[0], node.Outputs[0]);
        bool hasSizes = node.Inputs.Count > Sizes && node.Inputs[Sizes].Length > 0;
        bool areStated = !hasSizes || _initializers.ContainsKey(Resolve(node.Inputs[Sizes]));
        if (LabelsOf(input) is not { } labels || ShapeOf(input)[labels.Axis] != ShapeOf(output)[labels.Axis] || !areStated)
        {
            FreezeInputs(node, $"{node} makes other channels of them");
            return;
        }

        if (hasSizes)
        {
            int place = PlaceAmong(node.Find("axes") is { } attribute ? [.. attribute.Ints] : null, labels.Axis, ShapeOf(input).Rank);
            if (place >= 0) Edits.Add(new StatedSizeEdit(node, Sizes, _inferred.ConstantOf(node.Inputs[Sizes])!.Integers, place, labels.Ids));
        }

        Label(output, labels.Axis, labels.Ids);
    }

    private void VisitPad(OnnxNode node)
    {
        string input = node.Inputs[0];
        bool padsAreInput = node.Find("pads") is null;
        long[]? pads = Bounds(node, "pads", padsAreInput, 1);
        if (LabelsOf(input) is not { } labels || pads is null)
        {
            FreezeInputs(node, $"{node} adds to them");
            return;
        }

        int place = PlaceAmong(Bounds(node, "axes", true, 3), labels.Axis, ShapeOf(input).Rank);
        (long before, long behind) = place < 0 ? (0, 0) : (pads[place], pads[place + (pads.Length / 2)]);
        if (before < 0 || behind < 0 || (before + behind > 0 && node.Find("mode") is not (null or { String: "constant" })))
        {
            FreezeInputs(node, $"{node} makes other channels of them");
            return;
        }

        (int[] first, int[] last) = (Ids.Add(before), Ids.Add(behind));
        if (before + behind > 0) Edits.Add(new PadEdit(node, pads, place, first, last, padsAreInput));
        Label(node.Outputs[0], labels.Axis, [.. first, .. labels.Ids, .. last]);
    }

    private static int PlaceAmong(long[]? axes, int axis, int rank) => axes is null ? axis : Array.FindIndex(axes, named => Axis(named, rank) == axis);
}
