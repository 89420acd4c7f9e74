using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Takes units out of a network: what is left is a smaller dense network in the same format.</summary>
public static class ChannelPruner
{
    /// <summary>
    /// Removes units. The result computes what the network computes with the weights that read the units set to zero; where a unit's output is a constant, what it gave is added to
    /// the biases behind it instead, as far as that is exact.
    /// </summary>
    /// <param name="selection">What goes.</param>
    /// <exception cref="ChannelPruningException">The smaller network would not fit together; the message names the value.</exception>
    /// <exception cref="ResourceLimitException">A tensor has more elements than an array can hold.</exception>
    public static PrunedNetwork Prune(ChannelSelection selection)
    {
        ArgumentNullException.ThrowIfNull(selection);
        return Prune(selection.Groups, selection.Removed, selection.Warnings);
    }

    /// <summary>As <see cref="Prune(ChannelSelection)"/>, of units chosen by hand.</summary>
    /// <param name="groups">The network's units.</param>
    /// <param name="removed">What goes.</param>
    /// <exception cref="ArgumentException">A unit is of another network.</exception>
    /// <exception cref="ChannelPruningException">A layer would be left without channels; the message names it.</exception>
    public static PrunedNetwork Prune(ChannelGroups groups, IReadOnlyCollection<ChannelUnit> removed)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(removed);
        return Prune(groups, removed, []);
    }

    private static PrunedNetwork Prune(ChannelGroups groups, IReadOnlyCollection<ChannelUnit> removed, IReadOnlyList<string> warnings)
    {
        HashSet<ChannelUnit> going = [.. removed];
        foreach (ChannelUnit unit in going)
        {
            if (unit.Number >= groups.Units.Count || groups.Units[unit.Number] != unit) throw new ArgumentException($"{unit} is a unit of another network.", nameof(removed));
        }

        foreach (ChannelSet set in groups.Sets)
        {
            if (set.Units.All(going.Contains))
                throw new ChannelPruningException($"{groups.Graph.Source}: {set} would be left without any; keep at least one");
        }

        KeptChannels kept = new(groups.Walk.Ids, going.Select(groups.ClassOf).ToHashSet());
        BiasCompensation compensation = new(groups, going);
        OnnxGraph pruned = Shrink(groups, compensation, kept);
        Check(groups, pruned, kept);
        return new PrunedNetwork(pruned, Report(groups, pruned, kept, compensation.Channels, warnings));
    }

    private static OnnxGraph Shrink(ChannelGroups groups, BiasCompensation compensation, KeptChannels kept)
    {
        OnnxGraph graph = compensation.Graph;
        ILookup<string, WeightAxis> axes = groups.Walk.Axes.Concat(compensation.AddedAxes).ToLookup(axis => axis.Parameter, StringComparer.Ordinal);
        List<Tensor> initializers = [.. graph.Initializers.Select(tensor => Shrink(tensor, axes[tensor.Name], kept))];
        HashSet<string> names =
        [
            .. initializers.Select(tensor => tensor.Name), .. graph.Inputs.Select(input => input.Name), .. graph.Nodes.SelectMany(node => node.Outputs),
        ];
        ILookup<string, ChannelEdit> edits = groups.Walk.Edits.ToLookup(edit => edit.Node.Outputs[0], StringComparer.Ordinal);
        OnnxNode[] nodes = [.. graph.Nodes];
        for (int i = 0; i < nodes.Length; i++)
        {
            foreach (ChannelEdit edit in edits[nodes[i].Outputs.FirstOrDefault("")]) nodes[i] = edit.Apply(nodes[i], kept, AddConstant);
        }

        // Sizes that are stated anew leave the nodes and constants that said them before without readers.
        return graph.WithoutUnread(nodes, initializers);

        string AddConstant(string wish, long[] values)
        {
            string name = wish;
            while (!names.Add(name)) name += "'";
            initializers.Add(new DenseTensor(ElementType.Int64, new TensorShape(values.Length), values).ToTensor(name));
            return name;
        }
    }

    private static Tensor Shrink(Tensor tensor, IEnumerable<WeightAxis> axes, KeptChannels kept)
    {
        float[]? values = null;
        TensorShape shape = tensor.Shape;
        foreach (WeightAxis axis in axes)
        {
            int[] places = kept.Places(axis.Ids);
            if (places.Length == axis.Ids.Length) continue;
            values = TakeAlong(axis.Axis, places, shape, values ?? tensor.ReadSingles());
            long[] dimensions = shape.Dimensions.ToArray();
            dimensions[axis.Axis] = places.Length;
            shape = new TensorShape(dimensions);
        }

        return values is null ? tensor : new Tensor(tensor.Name, shape, values);
    }

    private static float[] TakeAlong(int axis, int[] places, TensorShape shape, float[] values)
    {
        int inner = (int)new TensorShape(shape.Dimensions[(axis + 1)..]).ElementCount;
        int outer = (int)new TensorShape(shape.Dimensions[..axis]).ElementCount;
        float[] taken = new float[outer * places.Length * inner];
        int at = 0;
        for (int o = 0; o < outer; o++)
        {
            foreach (int place in places)
            {
                values.AsSpan(((o * (int)shape[axis]) + place) * inner, inner).CopyTo(taken.AsSpan(at));
                at += inner;
            }
        }

        return taken;
    }

    private static void Check(ChannelGroups groups, OnnxGraph pruned, KeptChannels kept)
    {
        InferredValues after;
        try
        {
            after = InferredValues.Of(pruned);
        }
        catch (ModelFormatException error)
        {
            throw new ChannelPruningException($"{groups.Graph.Source}: the smaller network does not fit together ({error.Message}); hold the layers before that node", error);
        }

        foreach ((string value, ChannelLabels labels) in groups.Walk.Values)
        {
            long[] expected = groups.Walk.Inferred.ShapeOf(value).Dimensions.ToArray();
            expected[labels.Axis] = kept.Count(labels.Ids);
            TensorShape found = after.ShapeOf(value);
            if (found != new TensorShape(expected))
                throw new ChannelPruningException($"{groups.Graph.Source}: '{value}' of the smaller network would be {found}, not {new TensorShape(expected)}; hold the layers before it");
        }
    }

    private static ChannelPruningReport Report(ChannelGroups groups, OnnxGraph pruned, KeptChannels kept, int compensated, IReadOnlyList<string> warnings)
    {
        IReadOnlyList<LayerCost> before = LayerCost.Measure(groups.Graph);
        IReadOnlyList<LayerCost> after = LayerCost.Measure(pruned);
        return new ChannelPruningReport
        {
            Layers = [.. groups.Walk.Products.DistinctBy(product => product.Weight, StringComparer.Ordinal).Select(product => new PrunedLayer(product.Weight, product.Made.Length, kept.Count(product.Made)))],
            ParametersBefore = before.Sum(layer => layer.Parameters),
            ParametersAfter = after.Sum(layer => layer.Parameters),
            MultiplyAddsBefore = before.Sum(layer => layer.MultiplyAdds),
            MultiplyAddsAfter = after.Sum(layer => layer.MultiplyAdds),
            CompensatedChannels = compensated,
            Warnings = warnings,
        };
    }
}
