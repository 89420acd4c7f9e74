using System.Runtime.InteropServices;

namespace Tersor.Quantization.Prediction;

/// <summary>Levels of what predictions leave of a tensor, and the way back. The decoder repeats the encoder's arithmetic step by step, so both hold the same values.</summary>
/// <param name="predictor"><see cref="Predictor.Lorenzo"/> or <see cref="Predictor.Regression"/>.</param>
/// <param name="layout">Axes of the tensor.</param>
/// <param name="step">Step size of the levels.</param>
internal sealed class PredictedGrid(Predictor predictor, PredictionLayout layout, double step)
{
    /// <summary>How many integers the planes of a tensor take; 0 without planes.</summary>
    public static long PlaneCodeCount(Predictor predictor, PredictionLayout layout) => predictor == Predictor.Regression ? PlaneCodes.Count(layout) : 0;

    /// <summary>Quantizes.</summary>
    /// <param name="weights">Finite weights, row-major.</param>
    /// <param name="reach">How far a weight may be from its value before that is rounded; at least half a step.</param>
    /// <param name="levels">Receives one level per weight.</param>
    /// <param name="values">Receives what the decoder will make of them; NaN where a weight has no level.</param>
    /// <param name="cancellationToken">Checked every few thousand weights.</param>
    /// <returns>The integers of the planes, none without planes; null where a plane is too steep for them.</returns>
    public int[]? TryQuantize(ReadOnlySpan<float> weights, double reach, Span<int> levels, Span<float> values, CancellationToken cancellationToken)
    {
        int[]? planes = predictor == Predictor.Regression ? RegressionPrediction.TryFit(layout, weights, step, cancellationToken) : [];
        if (planes is null) return null;
        QuantizedValue made = new(weights, step, reach, levels);
        Run(Read(planes), 0, values, 0, ref made, cancellationToken);
        return planes;
    }

    /// <summary>The values of levels.</summary>
    /// <param name="planes">As many integers as <see cref="PlaneCodeCount"/> says; any integers.</param>
    /// <param name="levels">One per element; any levels. May be the memory of the values.</param>
    /// <param name="values">Receives one value per level; NaN and infinity where the levels are from a damaged file.</param>
    public void Reconstruct(ReadOnlySpan<int> planes, ReadOnlySpan<int> levels, Span<float> values)
    {
        RestoredValue made = new(levels, step);
        Run(Read(planes), 0, values, 0, ref made, CancellationToken.None);
    }

    /// <summary>The values of levels that come in parts.</summary>
    /// <param name="planes">As many integers as <see cref="PlaneCodeCount"/> says; any integers.</param>
    public PredictedParts InParts(ReadOnlySpan<int> planes) => new(this, layout, Read(planes));

    /// <summary>Rows before a row that it is predicted from.</summary>
    internal int HistoryRows => predictor == Predictor.Regression ? 0 : LorenzoPrediction.HistoryRows(layout);

    /// <summary>Puts values in place of levels.</summary>
    /// <param name="planes">Of all blocks.</param>
    /// <param name="firstRow">The first of the rows, of those of all volumes.</param>
    /// <param name="values">The values of <see cref="HistoryRows"/> rows or of all before, then levels of whole rows, which become values.</param>
    /// <param name="start">Where the levels begin.</param>
    internal void Restore(ReadOnlySpan<Plane> planes, int firstRow, Span<float> values, int start)
    {
        RestoredValue made = new(MemoryMarshal.Cast<float, int>(values), step);
        Run(planes, firstRow, values, start, ref made, CancellationToken.None);
    }

    private Plane[] Read(ReadOnlySpan<int> planes) => predictor == Predictor.Regression ? RegressionPrediction.Read(layout, planes, step) : [];

    private void Run<T>(ReadOnlySpan<Plane> planes, int firstRow, Span<float> values, int start, ref T made, CancellationToken cancellationToken)
        where T : IPredictedValue, allows ref struct
    {
        if (predictor == Predictor.Regression) RegressionPrediction.Run(layout, planes, firstRow, values, start, ref made, cancellationToken);
        else LorenzoPrediction.Run(layout, firstRow, values, start, ref made, cancellationToken);
    }
}
