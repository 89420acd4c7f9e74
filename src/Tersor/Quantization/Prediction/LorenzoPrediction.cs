namespace Tersor.Quantization.Prediction;

/// <summary>
/// Predicts each value from those before it: left, plus above less above-left, and so on over three axes, as if the mixed differences were zero. Beyond the
/// border everything is zero, so a matrix is predicted from two neighbours and their corner, and a vector from one (Lorenzo predictor of order 1; Ibarria et al., 2003).
/// </summary>
internal static class LorenzoPrediction
{
    /// <summary>Goes through a tensor in order.</summary>
    /// <param name="layout">Its axes.</param>
    /// <param name="values">Receives the decoded values; the later are predicted from the earlier.</param>
    /// <param name="made">Makes them.</param>
    /// <param name="cancellationToken">Checked every row.</param>
    public static void Run<T>(PredictionLayout layout, Span<float> values, ref T made, CancellationToken cancellationToken)
        where T : IPredictedValue, allows ref struct
    {
        int index = 0;
        for (int volume = 0; volume < layout.VolumeCount; volume++)
        {
            for (int depth = 0; depth < layout.Depth; depth++)
            {
                for (int row = 0; row < layout.Rows; row++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    PredictRow(layout, values, index, row > 0, depth > 0, ref made);
                    index += layout.Columns;
                }
            }
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
