namespace Tersor.Quantization.Prediction;

/// <summary>
/// Predicts each value from those before it: left, plus above less above-left, and so on over three axes, as if the mixed differences were zero. Beyond the
/// border everything is zero, so a matrix is predicted from two neighbours and their corner, and a vector from one (Lorenzo predictor of order 1; Ibarria et al., 2003).
/// </summary>
internal static class LorenzoPrediction
{
    /// <summary>Rows before a row that it is predicted from.</summary>
    public static int HistoryRows(PredictionLayout layout) => layout.Depth > 1 ? layout.Rows + 1 : 1;

    /// <summary>Goes through rows in order.</summary>
    /// <param name="layout">Axes of the tensor.</param>
    /// <param name="firstRow">The first of the rows, of those of all volumes.</param>
    /// <param name="values">Those before the rows, of which at most <see cref="HistoryRows"/> are looked at; then room for theirs.</param>
    /// <param name="start">Where the first row is in <paramref name="values"/>.</param>
    /// <param name="made">Makes the values; its indices are those of <paramref name="values"/>.</param>
    /// <param name="cancellationToken">Checked every row.</param>
    public static void Run<T>(PredictionLayout layout, int firstRow, Span<float> values, int start, ref T made, CancellationToken cancellationToken)
        where T : IPredictedValue, allows ref struct
    {
        for (int row = firstRow; start < values.Length; row++, start += layout.Columns)
        {
            cancellationToken.ThrowIfCancellationRequested();
            PredictRow(layout, values, start, hasAbove: row % layout.Rows > 0, hasBehind: row / layout.Rows % layout.Depth > 0, ref made);
        }
    }

    private static void PredictRow<T>(PredictionLayout layout, Span<float> values, int start, bool hasAbove, bool hasBehind, ref T made)
        where T : IPredictedValue, allows ref struct
    {
        int plane = layout.Rows * layout.Columns;
        double left = 0, aboveLeft = 0, behindLeft = 0, cornerLeft = 0;
        for (int index = start; index < start + layout.Columns; index++)
        {
            double above = hasAbove ? values[index - layout.Columns] : 0;
            double behind = hasBehind ? values[index - plane] : 0;
            double corner = hasAbove && hasBehind ? values[index - plane - layout.Columns] : 0;
            values[index] = made.Make(index, left + (above - aboveLeft) + (behind - behindLeft) - (corner - cornerLeft));
            (left, aboveLeft, behindLeft, cornerLeft) = (values[index], above, behind, corner);
        }
    }
}
