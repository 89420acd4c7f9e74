namespace Tersor.Engine.Kernels;

/// <summary>Where a panel's rows stand.</summary>
internal unsafe struct PanelView
{
    /// <summary>The first row, or what <see cref="Offsets"/> count from.</summary>
    public float* Start;

    /// <summary>Values from one row to the next, when there are no offsets.</summary>
    public nint Stride;

    /// <summary>Where each row begins, or null: rows that stand anywhere.</summary>
    public int* Offsets;

    /// <summary>With offsets: values from a row's first half to its second.</summary>
    public nint SecondHalf;
}

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
    PanelView Panel(int depthStart, int depth, int column, int columns, float* buffer);

    /// <summary>Asks for columns that panels will be made of soon, where they are not in the cache yet.</summary>
    /// <param name="depthStart">First row.</param>
    /// <param name="depth">Rows.</param>
    /// <param name="column">First column.</param>
    /// <param name="columns">Columns.</param>
    void Prefetch(int depthStart, int depth, int column, int columns);
}

/// <summary>A matrix in memory as right operand.</summary>
internal readonly unsafe struct MatrixPanels(float* source, nint rowStride, bool transposed, bool direct) : IPanelSource
{
    public PanelView Panel(int depthStart, int depth, int column, int columns, float* buffer)
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
                return new PanelView { Start = start, Stride = rowStride };
            }

            Interleave.Columns(start, rowStride, columns, Width, depth, 1f, buffer);
        }

        return new PanelView { Start = buffer, Stride = Width };
    }

    public void Prefetch(int depthStart, int depth, int column, int columns)
    {
        for (int row = depthStart; row < depthStart + depth && !transposed && columns > 0; row++)
        {
            CacheLines.Prefetch(source + row * rowStride + column, columns);
        }
    }
}
