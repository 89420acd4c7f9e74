using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Quantization;

namespace Tersor.Compression.Pruning;

/// <summary>
/// A weight of which the largest elements run and all are trained: what was pruned learns on in the dark and comes back when it has grown past what runs (dynamic network surgery, Guo et al.
/// 2016, arXiv 1608.04493, here with a fixed share).
/// </summary>
public sealed class RegrowingParameter : ParameterFunction
{
    private readonly int _kept;
    private readonly int _stepsBetween;

    /// <summary>Wraps a weight, whose values become the stored ones.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    /// <param name="kept">How many elements run.</param>
    /// <param name="stepsBetween">Optimizer steps from one choice of elements to the next.</param>
    public RegrowingParameter(GraphParameter parameter, int kept, int stepsBetween = 16)
        : base(Copy(parameter))
    {
        ArgumentOutOfRangeException.ThrowIfNegative(kept);
        ArgumentOutOfRangeException.ThrowIfLessThan(stepsBetween, 1);
        (_kept, _stepsBetween) = (kept, stepsBetween);
        Choose();
    }

    // Not trained, but part of what a checkpoint must bring back: which elements run, and the steps since they were chosen.
    private float[] Running => Stored[1].Values;

    private ref float Steps => ref Stored[2].Values[0];

    /// <inheritdoc/>
    public override void Forward(Span<float> weight)
    {
        float[] stored = Stored[0].Values;
        for (int i = 0; i < stored.Length; i++) weight[i] = Running[i] > 0.5f ? stored[i] : 0;
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient)
    {
        weightGradient.CopyTo(Stored[0].Gradient);
        Array.Clear(Stored[1].Gradient);
        Array.Clear(Stored[2].Gradient);
    }

    /// <inheritdoc/>
    public override void AfterUpdate()
    {
        if (++Steps < _stepsBetween) return;
        Steps = 0;
        Choose();
    }

    private static TrainedTensor[] Copy(GraphParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return
        [
            new TrainedTensor(parameter.Name, parameter.Shape, [.. parameter.Values]),
            new TrainedTensor(parameter.Name + ".running", parameter.Shape, new float[parameter.Values.Length]) { DecaysWeights = false },
            new TrainedTensor(parameter.Name + ".steps", new TensorShape(1), [0]) { DecaysWeights = false },
        ];
    }

    private void Choose()
    {
        bool[] isKept = PruningRule.KeepHighest<float>(Array.ConvertAll(Stored[0].Values, MathF.Abs), _kept);
        for (int i = 0; i < isKept.Length; i++) Running[i] = isKept[i] ? 1 : 0;
    }
}
