namespace Tersor.Engine.Kernels;

/// <summary>A blocked matrix product, cut into a grid of tasks over its columns and, when those are few, its rows.</summary>
internal unsafe struct BlockedProductJob : IKernelJob
{
    private const int TasksPerThread = 2;

    private readonly BlockedProduct _product;
    private readonly MatrixPanels _panels;
    private readonly int _columns;
    private readonly int _columnsPerTask;
    private readonly int _columnTasks;
    private readonly int _tilesPerTask;

    public BlockedProductJob(in ProductOperands operands, int row, int rows, PackedLeft packed, bool accumulate, bool direct, int threads)
    {
        _product = new BlockedProduct
        {
            Left = packed,
            Rows = rows,
            Result = operands.C + row * operands.StrideC,
            ResultStride = operands.StrideC,
            Accumulate = accumulate,
            Epilogue = operands.Epilogue,
            Width = operands.Width,
        };
        _panels = new MatrixPanels(operands.B, operands.StrideB, operands.TransposeB, direct);
        _columns = operands.N;

        int panels = Ceiling(operands.N, ProductTile.PanelColumns);
        int wanted = threads == 1 ? 1 : threads * TasksPerThread;
        int panelsPerTask = Math.Clamp(panels / wanted, 1, BlockedProduct.PanelsAtATime);
        _columnsPerTask = threads == 1 ? operands.N : panelsPerTask * ProductTile.PanelColumns;
        _columnTasks = Ceiling(operands.N, _columnsPerTask);
        _tilesPerTask = Ceiling(packed.Tiles.Count, Math.Min(packed.Tiles.Count, Ceiling(wanted, _columnTasks)));
        Tasks = _columnTasks * Ceiling(packed.Tiles.Count, _tilesPerTask);
    }

    public int Tasks { get; }

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int column = task % _columnTasks * _columnsPerTask;
        int tile = task / _columnTasks * _tilesPerTask;
        _product.Compute(
            _panels,
            tile,
            Math.Min(tile + _tilesPerTask, _product.Left.Tiles.Count),
            column,
            Math.Min(column + _columnsPerTask, _columns),
            scratch);
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
