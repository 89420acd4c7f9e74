namespace Tersor.Quantization.Prediction;

/// <summary>A box of a volume: where it starts, and how far it goes along each axis.</summary>
/// <param name="Start">Index of its first element, row-major in the tensor.</param>
/// <param name="Depth">Length along the last axis but two.</param>
/// <param name="Rows">Length along the last axis but one.</param>
/// <param name="Columns">Length along the last axis.</param>
internal readonly record struct PredictionBlock(int Start, int Depth, int Rows, int Columns)
{
    /// <summary>Elements of the block.</summary>
    public int Length => Depth * Rows * Columns;

    /// <summary>Side of a full block: 128 for vectors, 16 for matrices, 6 for volumes.</summary>
    public static int SideFor(PredictionLayout layout) => layout.AxisCount switch { 1 => 128, 2 => 16, _ => 6 };

    /// <summary>How many blocks cover a tensor.</summary>
    public static int Count(PredictionLayout layout)
    {
        int side = SideFor(layout);
        return layout.VolumeCount == 0 ? 0 : layout.VolumeCount * Blocks(layout.Depth, side) * Blocks(layout.Rows, side) * Blocks(layout.Columns, side);
    }

    /// <summary>The blocks of a tensor, in order; those at the far borders may be smaller.</summary>
    public static IEnumerable<PredictionBlock> All(PredictionLayout layout)
    {
        int side = SideFor(layout);
        for (int volume = 0; volume < layout.VolumeCount; volume++)
        {
            for (int depth = 0; depth < layout.Depth; depth += side)
            {
                for (int row = 0; row < layout.Rows; row += side)
                {
                    for (int column = 0; column < layout.Columns; column += side)
                    {
                        int start = (volume * layout.VolumeLength) + (((depth * layout.Rows) + row) * layout.Columns) + column;
                        yield return new(start, Math.Min(side, layout.Depth - depth), Math.Min(side, layout.Rows - row), Math.Min(side, layout.Columns - column));
                    }
                }
            }
        }
    }

    /// <summary>The first of the blocks that a row goes through; the others follow it.</summary>
    /// <param name="layout">Axes of the tensor.</param>
    /// <param name="row">Of the rows of all volumes.</param>
    public static int First(PredictionLayout layout, int row)
    {
        int side = SideFor(layout);
        (int plane, int inPlane) = Math.DivRem(row, layout.Rows);
        (int volume, int depth) = Math.DivRem(plane, layout.Depth);
        int before = (volume * Blocks(layout.Depth, side)) + (depth / side);
        return ((before * Blocks(layout.Rows, side)) + (inPlane / side)) * Blocks(layout.Columns, side);
    }

    private static int Blocks(int length, int side) => (length + side - 1) / side;
}
