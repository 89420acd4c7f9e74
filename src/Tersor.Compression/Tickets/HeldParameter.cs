using Tersor.Engine.Graphs;
using Tersor.Engine.Training;

namespace Tersor.Compression.Tickets;

/// <summary>A weight that training leaves as it is.</summary>
public sealed class HeldParameter : ParameterFunction
{
    private readonly float[] _weights;

    /// <summary>Holds a weight at its present values.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    public HeldParameter(GraphParameter parameter)
        : base()
    {
        ArgumentNullException.ThrowIfNull(parameter);
        _weights = [.. parameter.Values];
    }

    /// <inheritdoc/>
    public override void Forward(Span<float> weight) => _weights.CopyTo(weight);

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient)
    {
    }
}
