namespace Tersor.Quantization.Prediction;

/// <summary>Predicts the values of each block by a plane that travels along (block regression of SZ 2; Liang et al., IEEE BigData 2018).</summary>
internal static class RegressionPrediction
{
    /// <summary>Fits the planes of all blocks.</summary>
    /// <param name="layout">Axes of the tensor.</param>
    /// <param name="weights">The tensor, row-major.</param>
    /// <param name="step">Step of the levels.</param>
    /// <param name="cancellationToken">Checked every block.</param>
    /// <returns>The integers of <see cref="PlaneCodes"/>, block by block; null where a plane is too steep for them, or there are more than an array holds.</returns>
    public static int[]? TryFit(PredictionLayout layout, ReadOnlySpan<float> weights, double step, CancellationToken cancellationToken)
    {
        PlaneCodes coding = new(layout, step);
        long count = (long)PredictionBlock.Count(layout) * coding.PerBlock;
        if (count > Array.MaxLength) return null;
        int[] codes = new int[count];
        Span<int> previous = stackalloc int[coding.PerBlock];
        int at = 0;
        foreach (PredictionBlock block in PredictionBlock.All(layout))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!coding.TryWrite(Plane.Fit(weights, layout, block), previous, codes.AsSpan(at, coding.PerBlock))) return null;
            at += coding.PerBlock;
        }

        return codes;
    }

    /// <summary>Goes through a tensor block by block.</summary>
    /// <param name="layout">Axes of the tensor.</param>
    /// <param name="codes">The integers of the planes; as many as <see cref="TryFit"/> gives.</param>
    /// <param name="step">Step of the levels.</param>
    /// <param name="values">Receives the decoded values.</param>
    /// <param name="made">Makes them.</param>
    /// <param name="cancellationToken">Checked every block.</param>
    public static void Run<T>(
        PredictionLayout layout, ReadOnlySpan<int> codes, double step, Span<float> values, ref T made, CancellationToken cancellationToken)
        where T : IPredictedValue, allows ref struct
    {
        PlaneCodes coding = new(layout, step);
        Span<int> previous = stackalloc int[coding.PerBlock];
        foreach (PredictionBlock block in PredictionBlock.All(layout))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Plane plane = coding.Read(codes[..coding.PerBlock], previous);
            codes = codes[coding.PerBlock..];
            for (int depth = 0; depth < block.Depth; depth++)
            {
                for (int row = 0; row < block.Rows; row++)
                {
                    int start = block.Start + (((depth * layout.Rows) + row) * layout.Columns);
                    for (int column = 0; column < block.Columns; column++) values[start + column] = made.Make(start + column, plane.At(depth, row, column));
                }
            }
        }
    }
}
