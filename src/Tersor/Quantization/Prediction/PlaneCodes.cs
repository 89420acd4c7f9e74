namespace Tersor.Quantization.Prediction;

/// <summary>
/// Planes as integers: per block the constant and one slope per axis from the last on, each as a multiple of its step less that of the block before. Steps are such that all of
/// them together are off by at most half the step of the levels anywhere in a block.
/// </summary>
internal sealed class PlaneCodes
{
    private const int MaxMultiple = 1 << 30;

    private readonly int _axisCount;
    private readonly double _constantStep;
    private readonly double _slopeStep;

    /// <summary>Settles the steps.</summary>
    /// <param name="layout">Axes of the tensor.</param>
    /// <param name="step">Step of the levels.</param>
    public PlaneCodes(PredictionLayout layout, double step)
    {
        _axisCount = layout.AxisCount;
        _constantStep = step / (_axisCount + 1);
        _slopeStep = _constantStep / PredictionBlock.SideFor(layout);
    }

    /// <summary>Integers per block.</summary>
    public int PerBlock => _axisCount + 1;

    /// <summary>Integers of all blocks of a tensor.</summary>
    public static long Count(PredictionLayout layout) => (long)PredictionBlock.Count(layout) * (layout.AxisCount + 1);

    /// <summary>Writes the integers of a plane.</summary>
    /// <param name="plane">The plane.</param>
    /// <param name="previous">Multiples of the block before; becomes those of this one.</param>
    /// <param name="codes">Receives <see cref="PerBlock"/> integers.</param>
    /// <returns>False where a coefficient has too many steps.</returns>
    public bool TryWrite(Plane plane, Span<int> previous, Span<int> codes)
    {
        ReadOnlySpan<double> coefficients = [plane.Constant / _constantStep, plane.AlongColumns / _slopeStep, plane.AlongRows / _slopeStep, plane.AlongDepth / _slopeStep];
        for (int i = 0; i <= _axisCount; i++)
        {
            double multiple = Math.Round(coefficients[i], MidpointRounding.AwayFromZero);
            if (!(Math.Abs(multiple) < MaxMultiple)) return false;
            codes[i] = (int)multiple - previous[i];
            previous[i] = (int)multiple;
        }

        return true;
    }

    /// <summary>Reads the plane that integers stand for; any integers make one.</summary>
    /// <param name="codes"><see cref="PerBlock"/> integers.</param>
    /// <param name="previous">Multiples of the block before; becomes those of this one.</param>
    public Plane Read(ReadOnlySpan<int> codes, Span<int> previous)
    {
        for (int i = 0; i <= _axisCount; i++) previous[i] = unchecked(previous[i] + codes[i]);
        return new Plane(
            previous[0] * _constantStep,
            previous[1] * _slopeStep,
            _axisCount >= 2 ? previous[2] * _slopeStep : 0,
            _axisCount >= 3 ? previous[3] * _slopeStep : 0);
    }
}
