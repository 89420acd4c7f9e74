using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Graphs;

/// <summary>The nodes that the outputs of a graph depend on, each behind the nodes whose results it reads.</summary>
internal static class GraphOrder
{
    private const int NamedInErrors = 5;

    /// <summary>Orders the nodes; where the order is free, as in the file.</summary>
    /// <exception cref="ModelFormatException">A value is made twice or by nobody, or nodes wait for each other.</exception>
    public static IReadOnlyList<OnnxNode> Of(OnnxGraph graph)
    {
        HashSet<string> given = [.. graph.Inputs.Select(value => value.Name), .. graph.Initializers.Select(tensor => tensor.Name)];
        Dictionary<string, int> makers = new(StringComparer.Ordinal);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (string output in graph.Nodes[i].Outputs)
            {
                if (output.Length == 0) continue;
                if (given.Contains(output) || !makers.TryAdd(output, i))
                    throw new ModelFormatException(graph.Source, graph.Nodes[i].ToString(), -1, $"makes '{output}', which is made elsewhere too; names must be unique");
            }
        }

        bool[] isNeeded = FindNeeded(graph, given, makers);
        int[] waitsFor = new int[graph.Nodes.Count];
        List<int>?[] readers = new List<int>?[graph.Nodes.Count];
        PriorityQueue<int, int> ready = new();
        int needed = 0;
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (!isNeeded[i]) continue;
            needed++;
            foreach (string input in graph.Nodes[i].Inputs)
            {
                if (!makers.TryGetValue(input, out int maker)) continue;
                (readers[maker] ??= []).Add(i);
                waitsFor[i]++;
            }

            if (waitsFor[i] == 0) ready.Enqueue(i, i);
        }

        List<OnnxNode> order = new(needed);
        while (ready.TryDequeue(out int node, out _))
        {
            order.Add(graph.Nodes[node]);
            foreach (int reader in readers[node] ?? [])
            {
                if (--waitsFor[reader] == 0) ready.Enqueue(reader, reader);
            }
        }

        if (order.Count == needed) return order;
        IEnumerable<string> stuck = Enumerable.Range(0, graph.Nodes.Count).Where(i => isNeeded[i] && waitsFor[i] > 0).Take(NamedInErrors).Select(i => graph.Nodes[i].ToString());
        throw new ModelFormatException(graph.Source, null, -1, $"nodes wait for each other's results in a cycle: {string.Join(", ", stuck)}");
    }

    private static bool[] FindNeeded(OnnxGraph graph, HashSet<string> given, Dictionary<string, int> makers)
    {
        bool[] isNeeded = new bool[graph.Nodes.Count];
        Stack<(string Value, string Reader)> open = new(graph.Outputs.Select(output => (output.Name, "the graph's output")));
        while (open.TryPop(out (string Value, string Reader) next))
        {
            if (given.Contains(next.Value)) continue;
            if (!makers.TryGetValue(next.Value, out int maker))
                throw new ModelFormatException(graph.Source, next.Reader, -1, $"reads '{next.Value}', which no node, input or initializer makes");
            if (isNeeded[maker]) continue;
            isNeeded[maker] = true;
            string reader = graph.Nodes[maker].ToString();
            foreach (string input in graph.Nodes[maker].Inputs)
            {
                if (input.Length > 0) open.Push((input, reader));
            }
        }

        return isNeeded;
    }
}
