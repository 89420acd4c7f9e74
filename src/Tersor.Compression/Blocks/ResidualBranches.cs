using Tersor.Compression.Channels;
using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Blocks;

/// <summary>
/// The residual branches of a network, and the network without one of them: a shallower network, which every runtime runs faster by what the branch took. Residual networks behave like ensembles of shallow ones, and lose
/// little with a single branch (Veit et al. 2016; cut by blocks: Wang et al., "DBP: Discrimination based block-level pruning", 2019).
/// </summary>
public static class ResidualBranches
{
    /// <summary>Finds the branches: of each addition of two values of one shape, the side with the most weights of its own, where a side has any.</summary>
    /// <param name="graph">The network.</param>
    /// <returns>In the order of computation; a branch may be a part of another one.</returns>
    /// <exception cref="UnsupportedModelException">Operators that the engine does not run; all are named.</exception>
    /// <exception cref="ModelFormatException">The graph is not sound.</exception>
    public static IReadOnlyList<ResidualBranch> Find(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        InferredValues inferred = InferredValues.Of(graph);
        Dictionary<string, Tensor> initializers = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        HashSet<string> outputs = [.. graph.Outputs.Select(output => output.Name)];
        ILookup<string, OnnxNode> readers = inferred.Nodes.SelectMany(node => node.Inputs.Distinct(StringComparer.Ordinal).Select(input => (input, node))).ToLookup(pair => pair.input, pair => pair.node, StringComparer.Ordinal);
        List<ResidualBranch> found = [];
        for (int i = 0; i < inferred.Nodes.Count; i++)
        {
            OnnxNode sum = inferred.Nodes[i];
            if (sum.OperatorType != "Add" || sum.Inputs[0] == sum.Inputs[1] || sum.Inputs.Any(IsConstant) || inferred.ShapeOf(sum.Inputs[0]) != inferred.ShapeOf(sum.Inputs[1])) continue;
            IReadOnlyList<string>[] weights = [.. sum.Inputs.Select(side => WeightsBehind(side, i))];
            long[] sizes = [.. weights.Select(side => side.Sum(name => initializers[name].ElementCount))];
            int branch = sizes[1] > sizes[0] ? 1 : 0;
            if (sizes[branch] > 0) found.Add(new ResidualBranch(sum.Outputs[0], sum.Inputs[1 - branch], weights[branch]));
        }

        return found;

        bool IsConstant(string value) => initializers.ContainsKey(value) || inferred.ConstantOf(value) is not null;

        // Of the nodes that nothing needs but this side of the sum.
        List<string> WeightsBehind(string side, int place)
        {
            OnnxNode sum = inferred.Nodes[place];
            HashSet<OnnxNode> own = [];
            for (int i = place - 1; i >= 0; i--)
            {
                OnnxNode node = inferred.Nodes[i];
                if (node.Outputs.All(output => !outputs.Contains(output) && readers[output].All(reader => own.Contains(reader) || (reader == sum && output == side)))) own.Add(node);
            }

            return
            [
                .. inferred.Nodes.Where(own.Contains).SelectMany(node => node.Inputs)
                    .Where(input => initializers.TryGetValue(input, out Tensor? tensor) && tensor.Shape.Rank >= 2 && readers[input].All(own.Contains))
                    .Distinct(StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>The network without a branch: the shortcut takes the place of the sum, and a rectifier of what is rectified already goes too.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="branch">One of <see cref="Find"/> for this network.</param>
    /// <exception cref="ArgumentException">The branch is of another network.</exception>
    public static OnnxGraph Cut(OnnxGraph graph, ResidualBranch branch)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(branch);
        OnnxNode sum = graph.Nodes.FirstOrDefault(node => node.Outputs is [{ } output] && output == branch.Sum && node.Inputs.Contains(branch.Shortcut, StringComparer.Ordinal))
            ?? throw new ArgumentException($"'{branch.Sum}' is a sum of another network.", nameof(branch));
        HashSet<string> outputs = [.. graph.Outputs.Select(output => output.Name)];
        List<OnnxNode> nodes = Without(graph.Nodes, sum, branch.Shortcut, outputs);
        if (nodes.Any(node => node.OperatorType == "Relu" && node.Outputs.Contains(branch.Shortcut, StringComparer.Ordinal)))
        {
            foreach (OnnxNode again in nodes.Where(node => node.OperatorType == "Relu" && node.Inputs[0] == branch.Shortcut && !outputs.Contains(node.Outputs[0])).ToArray())
                nodes = Without(nodes, again, branch.Shortcut, outputs);
        }

        return graph.WithoutUnread(nodes, graph.Initializers);
    }

    // Readers of the node read another value; an output of the network keeps its name.
    private static List<OnnxNode> Without(IEnumerable<OnnxNode> nodes, OnnxNode gone, string value, HashSet<string> outputs)
    {
        string name = gone.Outputs[0];
        List<OnnxNode> left = [];
        foreach (OnnxNode node in nodes)
        {
            if (node != gone)
            {
                OnnxNode changed = node;
                for (int i = 0; i < node.Inputs.Count; i++) changed = node.Inputs[i] == name ? changed.WithInput(i, value) : changed;
                left.Add(changed);
            }
            else if (outputs.Contains(name))
            {
                left.Add(new OnnxNode("Identity", [value], [name], [], gone.Name));
            }
        }

        return left;
    }
}
