using System.Diagnostics.CodeAnalysis;

namespace Tersor.Compression.Sensitivity;

/// <summary>
/// The diagonal of a model's Fisher information: for every weight the expected square of the gradient of the log-likelihood, in nats per squared unit of the weight
/// and per sample. Moving weights by <c>d</c> moves the answers by about <c>1/2 sum F d^2</c> nats of Kullback-Leibler divergence.
/// </summary>
public sealed class FisherInformation
{
    private readonly Dictionary<string, TensorFisher> _byName;

    internal FisherInformation(IReadOnlyList<TensorFisher> tensors, int samples, int dropped)
    {
        Tensors = tensors;
        Samples = samples;
        DroppedSamples = dropped;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The weights that gradients reach, in the order of the graph.</summary>
    public IReadOnlyList<TensorFisher> Tensors { get; }

    /// <summary>Samples that the averages are over.</summary>
    public int Samples { get; }

    /// <summary>Samples left out because a gradient of their batch was not a finite number.</summary>
    public int DroppedSamples { get; }

    /// <summary>Mean over all weights of all tensors.</summary>
    public double Mean
    {
        get
        {
            long count = Tensors.Sum(tensor => (long)tensor.Values.Count);
            return count == 0 ? 0 : Tensors.Sum(tensor => tensor.Sum) / count;
        }
    }

    /// <summary>The weight of that name.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out TensorFisher? tensor) => _byName.TryGetValue(name, out tensor);
}
