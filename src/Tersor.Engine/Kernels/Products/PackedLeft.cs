namespace Tersor.Engine.Kernels;

/// <summary>
/// A left operand (m x k) cut into blocks of the depth and, within a block, into tiles of rows: tile by tile, step by step,
/// the rows of the tile side by side.
/// </summary>
internal readonly unsafe struct PackedLeft(float* values, RowTiles tiles, int depth)
{
    /// <summary>Values that a packed operand takes.</summary>
    public static long Length(RowTiles tiles, int depth) => (long)tiles.PaddedRows * depth;

    public RowTiles Tiles => tiles;

    public int Depth => depth;

    /// <summary>Where the tile of a block begins.</summary>
    /// <param name="tile">Number of the tile.</param>
    /// <param name="depthStart">First step of the block.</param>
    /// <param name="blockDepth">Steps of the block.</param>
    public float* Tile(int tile, int depthStart, int blockDepth) =>
        values + (nint)depthStart * tiles.PaddedRows + (nint)blockDepth * tiles.FirstRow(tile);
}

/// <summary>Packs a left operand, one task per block of the depth and group of tiles.</summary>
internal unsafe struct PackLeftJob : IKernelJob
{
    public const int TilesPerTask = 16;

    public float* Source;
    public nint Stride;
    public bool Transposed;
    public float Scale;
    public int Rows;
    public PackedLeft Packed;

    public readonly int Tasks
    {
        get
        {
            int block = new DepthBlocks(Packed.Depth).Size;
            return ((Packed.Depth + block - 1) / block) * TileGroups;
        }
    }

    private readonly int TileGroups => (Packed.Tiles.Count + TilesPerTask - 1) / TilesPerTask;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int block = new DepthBlocks(Packed.Depth).Size;
        int depthStart = task / TileGroups * block;
        int depth = Math.Min(block, Packed.Depth - depthStart);
        int first = task % TileGroups * TilesPerTask;
        int end = Math.Min(first + TilesPerTask, Packed.Tiles.Count);
        for (int tile = first; tile < end; tile++)
        {
            int row = Packed.Tiles.FirstRow(tile);
            int height = Packed.Tiles.Height(tile);
            int rows = Math.Min(height, Rows - row);
            float* destination = Packed.Tile(tile, depthStart, depth);
            if (Transposed)
            {
                Interleave.Columns(Source + depthStart * Stride + row, Stride, rows, height, depth, Scale, destination);
            }
            else
            {
                Interleave.Rows(Source + row * Stride + depthStart, Stride, rows, height, depth, Scale, destination);
            }
        }
    }
}
