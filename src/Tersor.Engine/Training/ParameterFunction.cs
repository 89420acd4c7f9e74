namespace Tersor.Engine.Training;

/// <summary>
/// A parameter hook: the weight that runs forward as a function of what is stored and trained. A mask, shared centroids, a learned quantization step, a sign,
/// a product of low rank: each is one class with its own backward, attached by <see cref="Graphs.GraphParameter.Function"/>. The graph, the optimizer and the
/// training loop know only this.
/// </summary>
/// <remarks>
/// Before a run <see cref="Forward"/> fills the weight; after the backward pass <see cref="Backward"/> turns the weight's gradient into gradients of the stored
/// tensors; after the optimizer's step <see cref="AfterUpdate"/> may put the stored tensors back where they must be. What is not trained (a mask) is a field
/// of the function.
/// </remarks>
public abstract class ParameterFunction
{
    /// <summary>Names what is stored.</summary>
    protected ParameterFunction(params IReadOnlyList<TrainedTensor> stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        Stored = stored;
    }

    /// <summary>The tensors that are stored and trained, in a fixed order.</summary>
    public IReadOnlyList<TrainedTensor> Stored { get; }

    /// <summary>Writes the weight that runs forward, row-major.</summary>
    public abstract void Forward(Span<float> weight);

    /// <summary>Writes the gradient of every stored tensor, given that of the weight.</summary>
    /// <param name="weight">What <see cref="Forward"/> wrote.</param>
    /// <param name="weightGradient">Gradient of the loss with respect to the weight.</param>
    public abstract void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient);

    /// <summary>Called after each optimizer step.</summary>
    public virtual void AfterUpdate()
    {
    }
}
