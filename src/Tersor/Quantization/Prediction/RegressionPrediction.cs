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
        long count = PlaneCodes.Count(layout);
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

    /// <summary>The planes that integers stand for.</summary>
    /// <param name="layout">Axes of the tensor.</param>
    /// <param name="codes">As many as <see cref="TryFit"/> gives; any integers.</param>
    /// <param name="step">Step of the levels.</param>
    /// <returns>One for each block, in order.</returns>
    public static Plane[] Read(PredictionLayout layout, ReadOnlySpan<int> codes, double step)
    {
        PlaneCodes coding = new(layout, step);
        Plane[] planes = new Plane[codes.Length / coding.PerBlock];
        Span<int> previous = stackalloc int[coding.PerBlock];
        for (int i = 0; i < planes.Length; i++) planes[i] = coding.Read(codes.Slice(i * coding.PerBlock, coding.PerBlock), previous);
        return planes;
    }

    /// <summary>Goes through rows in order.</summary>
    /// <param name="layout">Axes of the tensor.</param>
    /// <param name="planes">Of all blocks of the tensor.</param>
    /// <param name="firstRow">The first of the rows, of those of all volumes.</param>
    /// <param name="values">Room for the values, at <paramref name="start"/>.</param>
    /// <param name="start">Where the first row is in <paramref name="values"/>.</param>
    /// <param name="made">Makes the values; its indices are those of <paramref name="values"/>.</param>
    /// <param name="cancellationToken">Checked every row.</param>
    public static void Run<T>(PredictionLayout layout, ReadOnlySpan<Plane> planes, int firstRow, Span<float> values, int start, ref T made, CancellationToken cancellationToken)
        where T : IPredictedValue, allows ref struct
    {
        int side = PredictionBlock.SideFor(layout);
        for (int index = firstRow; start < values.Length; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int block = PredictionBlock.First(layout, index);
            int depth = index / layout.Rows % layout.Depth % side;
            int row = index % layout.Rows % side;
            for (int left = 0; left < layout.Columns; left += side)
            {
                Plane plane = planes[block++];
                int count = Math.Min(side, layout.Columns - left);
                for (int column = 0; column < count; column++, start++) values[start] = made.Make(start, plane.At(depth, row, column));
            }
        }
    }
}
