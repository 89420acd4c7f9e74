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
    private const string SharedKey = "tersor.recipe.shared";

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

    /// <summary>Names of weights whose elements share values: those that are equal stay equal, and zeros stay zero.</summary>
    public IReadOnlySet<string> Shared { get; init; } = FrozenSet<string>.Empty;

    /// <summary>The state with further weights whose zeros stay zero.</summary>
    public NetworkState WithPruned(IEnumerable<string> names) => this with { Pruned = Pruned.Concat(names).ToFrozenSet(StringComparer.Ordinal) };

    /// <summary>What holds a weight to what was decided about it; null where nothing does.</summary>
    /// <param name="parameter">The weight, in a graph made of <see cref="Graph"/>.</param>
    public ParameterFunction? Constrain(GraphParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (Shared.Contains(parameter.Name)) return SharedParameter.ByDistinctValues(parameter);
        return Pruned.Contains(parameter.Name) ? new MaskedParameter(parameter, WeightMask.OfNonZero(parameter.Values)) : null;
    }

    /// <summary>Writes the state as an ONNX file that runs as it is; it appears under its name only when whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identity">What led to the state.</param>
    internal void Save(string path, string identity) =>
        Graph.WithMetadata(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [IdentityKey] = identity,
            [PrunedKey] = Join(Pruned),
            [SharedKey] = Join(Shared),
        }).Save(path, overwrite: true);

    /// <summary>Reads what <see cref="Save"/> wrote; null where the file is not there, is not whole, or holds what something else led to.</summary>
    internal static NetworkState? TryLoad(string path, string identity)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using OnnxModel model = OnnxModel.Open(path);
            OnnxGraph graph = InMemory(OnnxGraph.FromModel(model));
            if (graph.Metadata.GetValueOrDefault(IdentityKey) != identity) return null;
            return new NetworkState(graph.WithoutMetadata(key => key is IdentityKey or PrunedKey or SharedKey)) { Pruned = Split(graph, PrunedKey), Shared = Split(graph, SharedKey) };
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

    private static string Join(IEnumerable<string> names) => string.Join('\n', names.Order(StringComparer.Ordinal));

    private static FrozenSet<string> Split(OnnxGraph graph, string key) =>
        graph.Metadata.GetValueOrDefault(key, "").Split('\n', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
