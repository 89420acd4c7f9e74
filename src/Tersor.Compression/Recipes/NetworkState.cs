using System.Collections.Frozen;
using Tersor.Compression.Pruning;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>A network on its way through a recipe, and what later trainings must not undo.</summary>
public sealed record NetworkState
{
    private const string IdentityKey = "tersor.recipe.identity";
    private const string PrunedKey = "tersor.recipe.pruned";

    /// <summary>Takes a network as it is.</summary>
    /// <param name="graph">The network with its weights, in memory: files behind it may be closed later.</param>
    public NetworkState(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
    }

    /// <summary>The network with its weights.</summary>
    public OnnxGraph Graph { get; init; }

    /// <summary>Names of weights whose zeros stay zero.</summary>
    public IReadOnlySet<string> Pruned { get; init; } = FrozenSet<string>.Empty;

    /// <summary>The state with further weights whose zeros stay zero.</summary>
    public NetworkState WithPruned(IEnumerable<string> names) => this with { Pruned = Pruned.Concat(names).ToFrozenSet(StringComparer.Ordinal) };

    /// <summary>What holds a weight to what was decided about it; null where nothing does.</summary>
    /// <param name="parameter">The weight, in a graph made of <see cref="Graph"/>.</param>
    public ParameterFunction? Constrain(GraphParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Pruned.Contains(parameter.Name) ? new MaskedParameter(parameter, WeightMask.OfNonZero(parameter.Values)) : null;
    }

    /// <summary>Writes the state as an ONNX file that runs as it is; it appears under its name only when whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identity">What led to the state.</param>
    internal void Save(string path, string identity) =>
        Graph.WithMetadata(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [IdentityKey] = identity,
            [PrunedKey] = string.Join('\n', Pruned.Order(StringComparer.Ordinal)),
        }).Save(path, overwrite: true);

    /// <summary>Reads what <see cref="Save"/> wrote; null where the file is not there, is not whole, or holds what something else led to.</summary>
    internal static NetworkState? TryLoad(string path, string identity)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using OnnxModel model = OnnxModel.Open(path);
            OnnxGraph graph = InMemory(OnnxGraph.FromModel(model));
            if (graph.Metadata.GetValueOrDefault(IdentityKey) != identity || !graph.Metadata.TryGetValue(PrunedKey, out string? pruned)) return null;
            return new NetworkState(graph.WithoutMetadata(key => key is IdentityKey or PrunedKey)).WithPruned(pruned.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        catch (ModelFormatException)
        {
            return null;
        }
    }

    /// <summary>The same graph with all weights read, so that the file behind it may be closed.</summary>
    public static OnnxGraph InMemory(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.WithInitializers(graph.Initializers.ToDictionary(
            tensor => tensor.Name,
            tensor => new Tensor(tensor.Name, tensor.ElementType, tensor.Shape, ByteSource.FromMemory(tensor.Data.ReadAll(), tensor.Name)),
            StringComparer.Ordinal));
    }
}
