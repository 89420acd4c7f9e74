namespace Tersor.Engine.Kernels;

/// <summary>The right operand of a product, read in panels of <see cref="ProductTile.PanelColumns"/> columns.</summary>
internal unsafe interface IPanelSource
{
    /// <summary>
    /// Rows <paramref name="depthStart"/> .. + <paramref name="depth"/> of the panel that starts at <paramref name="column"/>:
    /// written to <paramref name="buffer"/>, or where they stand when whole panels can be read there.
    /// </summary>
    /// <param name="depthStart">First row.</param>
    /// <param name="depth">Rows.</param>
    /// <param name="column">First column.</param>
    /// <param name="columns">Columns that are there, at most a panel's; what stands in the rest does not matter.</param>
    /// <param name="buffer">Room for <paramref name="depth"/> rows of a panel and one vector more.</param>
    /// <param name="stride">Values from one row of the panel to the next.</param>
    float* Panel(int depthStart, int depth, int column, int columns, float* buffer, out nint stride);
}

/// <summary>A matrix in memory as right operand.</summary>
internal readonly unsafe struct MatrixPanels(float* source, nint rowStride, bool transposed, bool direct) : IPanelSource
{
    public float* Panel(int depthStart, int depth, int column, int columns, float* buffer, out nint stride)
    {
        const int Width = ProductTile.PanelColumns;
        if (transposed)
        {
            Interleave.Rows(source + column * rowStride + depthStart, rowStride, columns, Width, depth, 1f, buffer);
        }
        else
        {
            float* start = source + depthStart * rowStride + column;
            if (direct && columns == Width)
            {
                stride = rowStride;
                return start;
            }

            Interleave.Columns(start, rowStride, columns, Width, depth, 1f, buffer);
        }

        stride = Width;
        return buffer;
    }
}
