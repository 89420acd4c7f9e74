using Tersor.Engine.Training;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>
/// A weight of an executable graph: what runs forward. What is stored and trained is the business of its <see cref="Function"/>; without one, the weight itself
/// is stored and trained.
/// </summary>
public sealed class GraphParameter
{
    internal GraphParameter(string name, DenseTensor value, bool isTrainable)
    {
        Name = name;
        Value = value;
        IsTrainable = isTrainable;
        Direct = new TrainedTensor(name, value.Shape, value.Singles);
    }

    /// <summary>Name of the initializer.</summary>
    public string Name { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape => Value.Shape;

    /// <summary>What the next run computes with, row-major. Changing it changes the model.</summary>
    public float[] Values => Value.Singles;

    /// <summary>Whether gradients reach it in some operator; batch-norm statistics and the like are state, not weights.</summary>
    public bool IsTrainable { get; }

    /// <summary>
    /// Makes the weight from what is stored, before each run; null where the weight is stored as it is. Set by compression methods.
    /// </summary>
    public ParameterFunction? Function { get; set; }

    /// <summary>What an optimizer changes: the stored tensors of the function, or the weight itself.</summary>
    public IReadOnlyList<TrainedTensor> Stored => Function?.Stored ?? [Direct];

    /// <summary>The tensor that plans share.</summary>
    internal DenseTensor Value { get; }

    /// <summary>The weight as a stored tensor of its own.</summary>
    internal TrainedTensor Direct { get; }

    /// <summary>Gradient of the loss with respect to what runs forward, whatever is stored; written by each backward pass.</summary>
    public float[] ForwardGradient => Direct.Gradient;

    /// <summary>Makes what runs forward from what is stored.</summary>
    internal void Refresh() => Function?.Forward(Values);
}
