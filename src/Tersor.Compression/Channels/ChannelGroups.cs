using System.Globalization;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>
/// Which neurons and channels of a network can be removed, and what goes with each: found by walking the graph and uniting what residual sums, concatenations,
/// flattening, depthwise and grouped convolutions tie together (the groups of Fang et al. 2023, arXiv 2301.12900, as classes of channel ids).
/// </summary>
/// <remarks>
/// Graph inputs and outputs stay, and so does what an operator mixes (normalization over channels, softmax over them, attention) or what is not known to compute channels
/// apart: what is found is always right, though it may be less than there is. Weights that several nodes share go together.
/// </remarks>
public sealed class ChannelGroups
{
    private readonly ChannelWalk _walk;
    private readonly Dictionary<string, Tensor> _initializers;
    private readonly Dictionary<int, ChannelUnit> _unitsByClass = [];
    private readonly List<int> _classes = [];

    private ChannelGroups(OnnxGraph graph)
    {
        Graph = graph;
        _walk = new ChannelWalk(graph);
        _initializers = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        (Units, Sets) = MakeUnits();
        Weights = [.. _walk.Products.Select(product => product.Weight).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The network, its <c>Constant</c> nodes turned into initializers.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>Weights of convolutions and products, in the order of computation: the layers' names.</summary>
    public IReadOnlyList<string> Weights { get; }

    /// <summary>The layers whose channels can be removed, in the order of computation.</summary>
    public IReadOnlyList<ChannelSet> Sets { get; }

    /// <summary>All units of all sets, by number.</summary>
    public IReadOnlyList<ChannelUnit> Units { get; }

    internal ChannelWalk Walk => _walk;

    /// <summary>Finds the units of a network. Weights are not read.</summary>
    /// <exception cref="UnsupportedModelException">Operators that the engine does not run, or shapes that depend on data; all operators are named.</exception>
    /// <exception cref="ModelFormatException">A node reads what nobody makes, or shapes do not fit each other.</exception>
    /// <exception cref="ArgumentException">An input leaves its shape, or a dimension other than the first, open.</exception>
    public static ChannelGroups Find(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return new ChannelGroups(ConstantNodes.ToInitializers(graph));
    }

    /// <summary>Why the channels that a weight makes must stay, such as that they are an output of the graph; null where some can go.</summary>
    public string? ReasonToStay(string weight)
    {
        string? reason = null;
        foreach (ChannelProduct product in _walk.Products.Where(product => product.Weight == weight))
        {
            foreach (int id in product.Made)
            {
                if (_walk.Ids.ReasonToStay(id) is not { } found) return null;
                reason ??= found;
            }
        }

        return reason;
    }

    internal TensorShape ShapeOf(string parameter) => _initializers[parameter].Shape;

    internal Tensor Initializer(string parameter) => _initializers[parameter];

    /// <summary>The unit that a channel is part of; null for channels that stay.</summary>
    internal ChannelUnit? UnitOf(int id) => _unitsByClass.GetValueOrDefault(_walk.Ids.Find(id));

    internal int ClassOf(ChannelUnit unit) => _classes[unit.Number];

    private (IReadOnlyList<ChannelUnit> Units, IReadOnlyList<ChannelSet> Sets) MakeUnits()
    {
        ChannelIds ids = _walk.Ids;
        Dictionary<int, List<ChannelRecord>> records = [];
        Dictionary<int, List<int>> places = [];
        int place = 0;
        foreach (WeightAxis axis in _walk.Axes.OrderBy(axis => axis.Parameter, StringComparer.Ordinal).ThenBy(axis => axis.Axis))
        {
            AddPlaces(axis.Ids, place++);
            for (int i = 0; i < axis.Ids.Length; i++)
            {
                int found = ids.Find(axis.Ids[i]);
                if (!records.TryGetValue(found, out List<ChannelRecord>? known)) records.Add(found, known = []);
                known.Add(new ChannelRecord(axis.Parameter, axis.Axis, i, axis.Role));
            }
        }

        // A value that holds none of a set's channels would be empty: units are comparable where their values are the same too.
        foreach ((_, ChannelLabels labels) in _walk.Values) AddPlaces(labels.Ids, place++);
        void AddPlaces(int[] channels, int number)
        {
            foreach (int id in channels)
            {
                int found = ids.Find(id);
                if (!places.TryGetValue(found, out List<int>? known)) places.Add(found, known = []);
                if (known.Count == 0 || known[^1] != number) known.Add(number);
            }
        }

        List<ChannelUnit> units = [];
        foreach (int id in _walk.Products.SelectMany(product => product.Made).Concat(_walk.Axes.SelectMany(axis => axis.Ids)))
        {
            int found = ids.Find(id);
            if (_unitsByClass.ContainsKey(found) || ids.ReasonToStay(found) is not null) continue;
            ChannelUnit unit = new(units.Count, records[found]);
            units.Add(unit);
            _classes.Add(found);
            _unitsByClass.Add(found, unit);
        }

        List<ChannelSet> sets = [];
        foreach (IGrouping<string, ChannelUnit> alike in units.GroupBy(unit => string.Join(' ', places[_classes[unit.Number]].Select(number => number.ToString(CultureInfo.InvariantCulture)))))
        {
            ChannelUnit first = alike.First();
            string[] weights = [.. _walk.Products.Where(product => product.Made.Any(id => UnitOf(id) == first)).Select(product => product.Weight).Distinct(StringComparer.Ordinal)];
            sets.Add(new ChannelSet(weights.FirstOrDefault(first.Records[0].Parameter), weights, [.. alike]));
        }

        return (units, sets);
    }
}
