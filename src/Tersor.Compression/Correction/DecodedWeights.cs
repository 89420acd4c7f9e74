using Tersor.Codec;
using Tersor.Engine.Graphs;
using Tersor.Plans;

namespace Tersor.Compression.Correction;

/// <summary>Puts weights that came back from streams into a network, and the originals back. Those whose settings are as they were placed last are not decoded again.</summary>
/// <param name="graph">The network, with its original weights.</param>
internal sealed class DecodedWeights(ExecutableGraph graph)
{
    private readonly Dictionary<string, float[]> _originals = new(StringComparer.Ordinal);

    // The settings with which the weights that the network has now were coded; those in none are the originals.
    private readonly Dictionary<string, TensorPlan> _present = new(StringComparer.Ordinal);

    /// <summary>The network.</summary>
    public ExecutableGraph Graph => graph;

    /// <summary>Gives the network what a stream holds; other weights become the originals.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="plan">The settings with which it was coded; tensors that it leaves out are not placed.</param>
    /// <param name="tuned">Tensors whose values do not follow from their settings alone.</param>
    /// <param name="cancellationToken">Looked at before each tensor.</param>
    public void Place(MemoryStream stream, IEnumerable<TensorPlan> plan, IReadOnlyCollection<string> tuned, CancellationToken cancellationToken)
    {
        Dictionary<string, TensorPlan> wanted = plan.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (string name in tuned) _present.Remove(name);
        Restore(wanted);
        using CompressedModel decoded = CompressedModel.Open(stream.ToArray());
        foreach (CompressedTensor tensor in decoded.Tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!wanted.TryGetValue(tensor.Name, out TensorPlan? settings) || graph.FindParameter(tensor.Name) is not { } parameter || _present.GetValueOrDefault(tensor.Name) == settings) continue;
            _originals.TryAdd(tensor.Name, [.. parameter.Values]);

            // Until it is whole, the tensor is neither as before nor as planned.
            _present.Remove(tensor.Name);
            decoded.Decode(tensor.Name, parameter.Values, cancellationToken);
            _present.Add(tensor.Name, settings);
        }

        foreach (string name in tuned) _present.Remove(name);
    }

    /// <summary>Gives the network its originals back.</summary>
    public void Restore() => Restore([]);

    private void Restore(Dictionary<string, TensorPlan> except)
    {
        foreach ((string name, float[] values) in _originals)
        {
            if (_present.ContainsKey(name) && except.ContainsKey(name)) continue;
            values.CopyTo(graph.FindParameter(name)!.Values, 0);
            _present.Remove(name);
        }
    }
}
