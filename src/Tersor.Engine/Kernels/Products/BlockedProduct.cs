using System.Runtime.CompilerServices;

namespace Tersor.Engine.Kernels;

/// <summary>
/// A product of a packed left operand with columns of a right operand: block of the depth by block, the columns are packed
/// into the second-level cache, and each tile of the left operand stays in the first while it passes over them.
/// </summary>
internal unsafe struct BlockedProduct
{
    /// <summary>Panels that are packed at a time.</summary>
    public const int PanelsAtATime = 8;

    /// <summary>With this many tiles or fewer, reading a matrix where it stands costs less than packing it.</summary>
    public const int LargestDirectTiles = 2;

    public PackedLeft Left;
    public int Rows;
    public float* Result;
    public nint ResultStride;

    /// <summary>Whether the product is added to what the result holds.</summary>
    public bool Accumulate;

    public ProductEpilogue Epilogue;
    public VectorWidth Width;

    /// <summary>Values of scratch that packing takes for a depth.</summary>
    public static long PanelLength(int depth) => (long)ProductTile.PanelColumns * new DepthBlocks(depth).Size + 16;

    /// <summary>Computes tiles <paramref name="firstTile"/> .. <paramref name="endTile"/> of columns <paramref name="firstColumn"/> .. <paramref name="endColumn"/>.</summary>
    public readonly void Compute<TSource>(in TSource source, int firstTile, int endTile, int firstColumn, int endColumn, KernelScratch scratch)
        where TSource : unmanaged, IPanelSource
    {
        const int GroupColumns = PanelsAtATime * ProductTile.PanelColumns;
        for (int column = firstColumn; column < endColumn; column += GroupColumns)
        {
            ComputeGroup(source, firstTile, endTile, column, Math.Min(column + GroupColumns, endColumn), endColumn, scratch);
        }
    }

    private readonly void ComputeGroup<TSource>(in TSource source, int firstTile, int endTile, int firstColumn, int endColumn, int lastColumn, KernelScratch scratch)
        where TSource : unmanaged, IPanelSource
    {
        int depth = Left.Depth;
        int block = new DepthBlocks(depth).Size;
        long panelLength = PanelLength(depth);
        float* buffer = scratch.Reserve(ScratchUse.PackedRight, PanelsAtATime * panelLength);
        PanelView* panels = stackalloc PanelView[PanelsAtATime];
        for (int depthStart = 0; depthStart < depth; depthStart += block)
        {
            int steps = Math.Min(block, depth - depthStart);
            for (int panel = 0, column = firstColumn; column < endColumn; panel++, column += ProductTile.PanelColumns)
            {
                int columns = Math.Min(ProductTile.PanelColumns, endColumn - column);
                panels[panel] = source.Panel(depthStart, steps, column, columns, buffer + panel * panelLength);
            }

            // While this block is multiplied, the next group's columns come, in as many parts as there are tiles.
            bool last = depthStart + steps == depth;
            int nextColumns = Math.Min(lastColumn - endColumn, endColumn - firstColumn);
            int prefetched = 0;
            for (int tile = firstTile; tile < endTile; tile++)
            {
                int prefetchEnd = (int)((long)steps * (tile + 1 - firstTile) / (endTile - firstTile));
                source.Prefetch(depthStart + prefetched, prefetchEnd - prefetched, endColumn, nextColumns);
                prefetched = prefetchEnd;
                ComputeTiles(tile, depthStart, steps, panels, firstColumn, endColumn, last);
            }
        }
    }

    [SkipLocalsInit]
    private readonly void ComputeTiles(
        int tile, int depthStart, int steps, PanelView* panels, int firstColumn, int endColumn, bool last)
    {
        const int Width32 = ProductTile.PanelColumns;
        int row = Left.Tiles.FirstRow(tile);
        int height = Left.Tiles.Height(tile);
        int rows = Math.Min(height, Rows - row);
        float* left = Left.Tile(tile, depthStart, steps);
        bool accumulate = Accumulate || depthStart > 0;
        var packedKernel = ProductTile.For(Width, height, indexed: false);
        var indexedKernel = ProductTile.For(Width, height, indexed: true);
        bool inRegisters = last && Epilogue.FitsTile;
        float* edge = stackalloc float[ProductTile.MaxRows * Width32];
        for (int panel = 0, column = firstColumn; column < endColumn; panel++, column += Width32)
        {
            int columns = Math.Min(Width32, endColumn - column);
            float* result = Result + row * ResultStride + column;
            var kernel = panels[panel].Offsets is null ? packedKernel : indexedKernel;
            if (rows == height && columns == Width32)
            {
                TileFinish finish = inRegisters ? Epilogue.ForTile(ResultStride, row, column) : default;
                kernel(steps, left, panels + panel, result, ResultStride, columns, accumulate, inRegisters ? &finish : null);
                if (inRegisters)
                {
                    continue;
                }
            }
            else
            {
                kernel(steps, left, panels + panel, edge, Width32, columns, false, null);
                CopyEdge(edge, result, rows, columns, accumulate);
            }

            if (last && !Epilogue.IsEmpty)
            {
                Epilogue.Apply(Width, Result, ResultStride, row, column, rows, columns);
            }
        }
    }

    private readonly void CopyEdge(float* edge, float* result, int rows, int columns, bool accumulate)
    {
        for (int i = 0; i < rows; i++)
        {
            float* from = edge + i * ProductTile.PanelColumns;
            float* to = result + i * ResultStride;
            for (int j = 0; j < columns; j++)
            {
                to[j] = accumulate ? to[j] + from[j] : from[j];
            }
        }
    }
}
