using Tersor.Engine.Graphs;
using Tersor.Engine.Training;

namespace Tersor.Compression.Pruning;

/// <summary>
/// A weight that is trained as it is and keeps account of what its moves took off the loss: the sum over all steps of <c>-g dw</c>, g being the gradient of the loss before the step and dw the move (Synaptic
/// Intelligence, Zenke et al. 2017, arXiv 1703.04200).
/// </summary>
public sealed class PathIntegralParameter : ParameterFunction
{
    /// <summary>What keeps scores finite of weights that came back to where they were; the square of a move of three hundredths.</summary>
    public const double Damping = 1e-3;

    private readonly bool[]? _isKept;
    private readonly float[] _start;
    private readonly float[] _before;
    private readonly float[] _gradient;

    /// <summary>Wraps a weight, whose values become the stored ones, and the start of the path.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    /// <param name="isKept">Which elements are not held at zero, row-major; null for all.</param>
    /// <exception cref="ArgumentException">The mask has another length than the weight.</exception>
    public PathIntegralParameter(GraphParameter parameter, bool[]? isKept = null)
        : base(Copy(parameter))
    {
        if (isKept is not null && isKept.Length != Weights.Length) throw new ArgumentException($"A mask of {isKept.Length} for '{Stored[0].Name}' of {Stored[0].Shape}.", nameof(isKept));
        _isKept = isKept;
        _start = [.. Weights];
        _before = new float[Weights.Length];
        _gradient = new float[Weights.Length];
    }

    private float[] Weights => Stored[0].Values;

    // Not trained, but part of what a checkpoint must bring back.
    private float[] Path => Stored[1].Values;

    /// <summary>The importance of each element: <c>path / (whole move^2 + <see cref="Damping"/>)</c>; below 0 where moves raised the loss.</summary>
    public float[] Scores()
    {
        float[] scores = new float[Path.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            double move = (double)Weights[i] - _start[i];
            scores[i] = (float)(Path[i] / ((move * move) + Damping));
        }

        return scores;
    }

    /// <inheritdoc/>
    public override void Forward(Span<float> weight)
    {
        Weights.CopyTo(weight);
        if (_isKept is not null) WeightMask.Apply(_isKept, weight);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient)
    {
        weightGradient.CopyTo(_gradient);
        if (_isKept is not null) WeightMask.Apply(_isKept, _gradient);
        Weights.CopyTo(_before.AsSpan());
        _gradient.CopyTo(Stored[0].Gradient.AsSpan());
        Array.Clear(Stored[1].Gradient);
    }

    /// <inheritdoc/>
    public override void AfterUpdate()
    {
        for (int i = 0; i < _before.Length; i++) Path[i] -= _gradient[i] * (Weights[i] - _before[i]);
    }

    private static TrainedTensor[] Copy(GraphParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return
        [
            new TrainedTensor(parameter.Name, parameter.Shape, [.. parameter.Values]),
            new TrainedTensor(parameter.Name + ".path", parameter.Shape, new float[parameter.Values.Length]) { DecaysWeights = false, LearningRateScale = 0 },
        ];
    }
}
