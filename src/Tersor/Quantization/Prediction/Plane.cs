namespace Tersor.Quantization.Prediction;

/// <summary>A linear function of the place inside a block.</summary>
/// <param name="Constant">At the first element.</param>
/// <param name="AlongColumns">Per step along the last axis.</param>
/// <param name="AlongRows">Per step along the last axis but one.</param>
/// <param name="AlongDepth">Per step along the last axis but two.</param>
internal readonly record struct Plane(double Constant, double AlongColumns, double AlongRows, double AlongDepth)
{
    /// <summary>The value at a place.</summary>
    public double At(int depth, int row, int column) => Constant + (AlongColumns * column) + (AlongRows * row) + (AlongDepth * depth);

    /// <summary>
    /// The least-squares fit. With n the number of elements, S their sum and S_j that of index times value along axis j of length n_j, the slopes are
    /// 6 (2 S_j / (n_j - 1) - S) / (n (n_j + 1)): on a box the axes do not mix. An axis of length 1 has no slope.
    /// </summary>
    /// <param name="weights">The tensor.</param>
    /// <param name="layout">Its axes.</param>
    /// <param name="block">The block.</param>
    public static Plane Fit(ReadOnlySpan<float> weights, PredictionLayout layout, PredictionBlock block)
    {
        double sum = 0, byColumn = 0, byRow = 0, byDepth = 0;
        for (int depth = 0; depth < block.Depth; depth++)
        {
            for (int row = 0; row < block.Rows; row++)
            {
                ReadOnlySpan<float> line = weights.Slice(block.Start + (((depth * layout.Rows) + row) * layout.Columns), block.Columns);
                for (int column = 0; column < line.Length; column++)
                {
                    double value = line[column];
                    sum += value;
                    byColumn += column * value;
                    byRow += row * value;
                    byDepth += depth * value;
                }
            }
        }

        double columns = Slope(byColumn, block.Columns);
        double rows = Slope(byRow, block.Rows);
        double depths = Slope(byDepth, block.Depth);
        double middle = (columns * (block.Columns - 1)) + (rows * (block.Rows - 1)) + (depths * (block.Depth - 1));
        return new Plane((sum / block.Length) - (middle / 2), columns, rows, depths);

        double Slope(double weighted, int length) => length == 1 ? 0 : 6 * ((2 * weighted / (length - 1)) - sum) / ((double)block.Length * (length + 1));
    }
}
