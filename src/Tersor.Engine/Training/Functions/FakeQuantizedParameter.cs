using Tersor.Engine.Graphs;
using Tersor.Models;

namespace Tersor.Engine.Training;

/// <summary>
/// A weight that runs on a uniform grid of levels: <c>weight = step * clamp(round(stored / step), -2^(b-1), 2^(b-1) - 1)</c>. The gradient passes straight through
/// the rounding within the range, and the step is learned (Esser et al. 2020, Learned Step Size Quantization), until <see cref="ChooseBy"/> decides levels and step in place of rounding and learning.
/// Where only rounding is learned, what is stored stays within half a step of where it began, so that a weight goes to the level below or above it (Nagel et al. 2020, Up or Down? Adaptive Rounding for Post-Training Quantization).
/// </summary>
public sealed class FakeQuantizedParameter : ParameterFunction
{
    private const float LeastStep = 1e-8f;

    private readonly float _lowest;
    private readonly float _highest;
    private readonly float _stepGradientScale;
    private readonly bool[]? _isKept;
    private readonly float[]? _origins;

    /// <summary>Wraps a weight, whose values become the stored ones; the step starts at <c>2 mean|w| / sqrt(2^(b-1) - 1)</c>, the mean over what is kept.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    /// <param name="bits">Of a level: 2 to 16.</param>
    /// <param name="isKept">Which elements are not held at zero, row-major; null for all.</param>
    /// <param name="learnsRoundingOnly">Whether what is stored stays within half a step of the weight as it is now.</param>
    /// <exception cref="ArgumentException">The mask has another length than the weight.</exception>
    public FakeQuantizedParameter(GraphParameter parameter, int bits, bool[]? isKept = null, bool learnsRoundingOnly = false)
        : base(Copy(parameter, bits, isKept))
    {
        if (isKept is not null && isKept.Length != Stored[0].Values.Length)
            throw new ArgumentException($"A mask of {isKept.Length} for '{Stored[0].Name}' of {Stored[0].Shape}.", nameof(isKept));
        _isKept = isKept;
        _origins = learnsRoundingOnly ? [.. Stored[0].Values] : null;
        _lowest = -(1 << (bits - 1));
        _highest = (1 << (bits - 1)) - 1;
        _stepGradientScale = 1 / MathF.Sqrt(Math.Max(1, Stored[0].Values.Length) * _highest);
    }

    /// <summary>The distance of neighbouring levels.</summary>
    public float Step => Stored[1].Values[0];

    /// <summary>The lowest level: <c>-2^(b-1)</c>.</summary>
    public int LowestLevel => (int)_lowest;

    /// <summary>How many levels there are: <c>2^b</c>.</summary>
    public int LevelCount => (int)(_highest - _lowest) + 1;

    /// <summary>What decides levels; null for rounding. Not part of a checkpoint.</summary>
    public LevelThresholds? Thresholds { get; private set; }

    /// <summary>Lets who knows what levels cost decide them, and the step, which is no longer learned.</summary>
    /// <param name="thresholds">For <see cref="LevelCount"/> levels from <see cref="LowestLevel"/> on.</param>
    /// <param name="step">The distance of neighbouring levels, above 0.</param>
    public void ChooseBy(LevelThresholds thresholds, float step)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        Thresholds = thresholds;
        Stored[1].Values[0] = step;
        StayNearOrigins();
    }

    /// <summary>Copies the stored values that are not held at zero.</summary>
    /// <param name="values">Room for all elements.</param>
    /// <returns>How many there are.</returns>
    public int CopyKept(Span<float> values)
    {
        float[] stored = Stored[0].Values;
        int count = 0;
        for (int i = 0; i < stored.Length; i++)
        {
            if (Runs(i)) values[count++] = stored[i];
        }

        return count;
    }

    /// <inheritdoc/>
    public override void Forward(Span<float> weight)
    {
        float step = Step;
        float[] stored = Stored[0].Values;
        for (int i = 0; i < stored.Length; i++) weight[i] = Runs(i) ? step * Level(stored[i] / step) : 0;
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient)
    {
        float step = Step;
        float[] stored = Stored[0].Values;
        float[] gradient = Stored[0].Gradient;
        double stepGradient = 0;
        for (int i = 0; i < stored.Length; i++)
        {
            if (!Runs(i))
            {
                gradient[i] = 0;
                continue;
            }

            float place = stored[i] / step;
            bool isInside = place >= _lowest && place <= _highest;
            gradient[i] = isInside ? weightGradient[i] : 0;
            stepGradient += weightGradient[i] * (isInside ? Level(place) - place : Level(place));
        }

        Stored[1].Gradient[0] = Thresholds is null ? (float)(stepGradient * _stepGradientScale) : 0;
    }

    /// <inheritdoc/>
    public override void AfterUpdate()
    {
        Stored[1].Values[0] = Math.Max(Stored[1].Values[0], LeastStep);
        StayNearOrigins();
    }

    private void StayNearOrigins()
    {
        if (_origins is null) return;
        float half = Step / 2;
        float[] stored = Stored[0].Values;
        for (int i = 0; i < stored.Length; i++) stored[i] = Math.Clamp(stored[i], _origins[i] - half, _origins[i] + half);
    }

    private float Level(float place) => Thresholds is { } thresholds ? thresholds.Of(place) : Math.Clamp(MathF.Round(place, MidpointRounding.ToEven), _lowest, _highest);

    private bool Runs(int element) => _isKept is null || _isKept[element];

    private static TrainedTensor[] Copy(GraphParameter parameter, int bits, bool[]? isKept)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 16);
        double magnitude = 0;
        foreach (float value in parameter.Values) magnitude += Math.Abs(value);
        double mean = magnitude / Math.Max(1, isKept?.Count(kept => kept) ?? parameter.Values.Length);
        float step = MathF.Max(LeastStep, (float)(2 * mean / Math.Sqrt((1 << (bits - 1)) - 1)));
        return
        [
            new TrainedTensor(parameter.Name, parameter.Shape, [.. parameter.Values]),
            new TrainedTensor(parameter.Name + ".step", new TensorShape(1), [step]) { DecaysWeights = false },
        ];
    }
}
