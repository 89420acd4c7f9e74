using System.Numerics.Tensors;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;

namespace Tersor.Compression.Pruning;

/// <summary>
/// A weight of which the largest N of each run of M along the inputs run, chosen anew at every step, while all are trained: gradients pass straight through to what does not run, which a decay of its own draws to
/// zero so that the choice settles (SR-STE, Zhou et al. 2021, arXiv 2102.04010).
/// </summary>
public sealed class PatternParameter : ParameterFunction
{
    /// <summary>What of a stored element that does not run is added to its gradient.</summary>
    public const float Decay = 2e-4f;

    private readonly WeightPattern _pattern;
    private readonly float[] _sizes;
    private readonly bool[] _runs;

    /// <summary>Wraps a weight, whose values become the stored ones.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    /// <param name="pattern">Which of its elements run.</param>
    public PatternParameter(GraphParameter parameter, WeightPattern pattern)
        : base(Copy(parameter))
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _pattern = pattern;
        _sizes = new float[Weights.Length];
        _runs = new bool[Weights.Length];
    }

    private float[] Weights => Stored[0].Values;

    /// <inheritdoc/>
    public override void Forward(Span<float> weight)
    {
        TensorPrimitives.Abs(Weights, _sizes);
        _pattern.Mask(_sizes, _runs);
        Weights.CopyTo(weight);
        WeightMask.Apply(_runs, weight);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient)
    {
        float[] gradient = Stored[0].Gradient;
        for (int i = 0; i < gradient.Length; i++) gradient[i] = weightGradient[i] + (_runs[i] ? 0 : Decay * Weights[i]);
    }

    private static TrainedTensor[] Copy(GraphParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return [new TrainedTensor(parameter.Name, parameter.Shape, [.. parameter.Values])];
    }
}
