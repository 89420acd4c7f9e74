using Tersor.Engine.Graphs;

namespace Tersor.Engine.Training;

/// <summary>A weight with some elements held at zero: <c>weight = stored * mask</c>, and the gradient passes where the mask is 1.</summary>
public sealed class MaskedParameter : ParameterFunction
{
    private readonly float[] _mask;

    /// <summary>Wraps a weight, whose values become the stored ones.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    /// <param name="isKept">Which elements stay, row-major.</param>
    /// <exception cref="ArgumentException">The mask has another length than the weight.</exception>
    public MaskedParameter(GraphParameter parameter, IReadOnlyList<bool> isKept)
        : base(Copy(parameter))
    {
        ArgumentNullException.ThrowIfNull(isKept);
        if (isKept.Count != Stored[0].Values.Length) throw new ArgumentException($"A mask of {isKept.Count} for '{Stored[0].Name}' of {Stored[0].Shape}.", nameof(isKept));
        _mask = [.. isKept.Select(kept => kept ? 1f : 0f)];
    }

    /// <inheritdoc/>
    public override void Forward(Span<float> weight) => System.Numerics.Tensors.TensorPrimitives.Multiply(Stored[0].Values, _mask, weight);

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient) =>
        System.Numerics.Tensors.TensorPrimitives.Multiply(weightGradient, _mask, Stored[0].Gradient);

    private static TrainedTensor[] Copy(GraphParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return [new TrainedTensor(parameter.Name, parameter.Shape, [.. parameter.Values])];
    }
}
