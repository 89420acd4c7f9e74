namespace Tersor.Engine.Kernels;

/// <summary>
/// Weights times patches for every image and group: the product that is a convolution's forward pass and, with the kernel
/// turned round, the gradient of its input. Tasks are images, groups, output rows and, when those are few, output channels.
/// </summary>
internal unsafe struct PatchProduct : IKernelJob
{
    private const int SliceValues = 96 << 10;
    private const int TasksPerThread = 4;
    private const long SmallestTask = 100_000;

    // With more tiles, copying a panel once costs less than reading it unaligned for each.
    private const int LargestDirectPatchTiles = 3;

    public PatchGeometry Geometry;
    public int Batch;
    public int Groups;

    /// <summary>Output channels of one group.</summary>
    public int OutputChannels;

    /// <summary>Batch x (groups x channels) x height x width.</summary>
    public float* Input;

    /// <summary>Batch x (groups x output channels) x output height x output width.</summary>
    public float* Output;

    /// <summary>One value per output channel of all groups, or null.</summary>
    public float* Bias;

    /// <summary>Values added before the activation, standing as the output does, or null.</summary>
    public float* Residual;

    public Activation Activation;
    public bool Accumulate;
    public VectorWidth Width;

    private float* _packed;
    private long _packedLength;
    private int* _offsets;
    private RowTiles _tiles;
    private int _rowsPerTask;
    private int _rowTasks;
    private int _tilesPerTask;
    private int _tileTasks;

    /// <summary>Packs the weights, (groups x output channels) x depth, and computes the output.</summary>
    public void Run(float* weight, KernelThreads threads)
    {
        PackWeights(weight, threads);
        bool parallel = (long)Batch * Groups * OutputChannels * Geometry.Depth * Geometry.Area >= 2 * SmallestTask;
        Cut(parallel ? threads.Count : 1);
        if (!Geometry.IsIdentity)
        {
            var slice = new ImageSlice(Geometry.Rows, Geometry.Columns, _rowsPerTask);
            _offsets = (int*)threads.CallerScratch.Reserve(ScratchUse.Offsets, Geometry.Depth);
            Geometry.WriteOffsets(slice, Geometry.Channels, _offsets);
        }

        int tasks = checked(Batch * Groups * _rowTasks * _tileTasks);
        if (parallel)
        {
            threads.Run(tasks, ref this);
        }
        else
        {
            for (int task = 0; task < tasks; task++)
            {
                Execute(task, threads.CallerScratch);
            }
        }
    }

    public readonly void Execute(int task, KernelScratch scratch)
    {
        (task, int tileTask) = Math.DivRem(task, _tileTasks);
        (task, int rowTask) = Math.DivRem(task, _rowTasks);
        (int image, int group) = Math.DivRem(task, Groups);
        int firstTile = tileTask * _tilesPerTask;
        int endTile = Math.Min(firstTile + _tilesPerTask, _tiles.Count);
        int firstRow = rowTask * _rowsPerTask;
        int rows = Math.Min(_rowsPerTask, Geometry.Rows.OutputSize - firstRow);
        int columns = rows * Geometry.Columns.OutputSize;

        int firstChannel = group * OutputChannels;
        float* input = Input + (image * Groups + group) * (nint)Geometry.Channels * Geometry.InputArea;
        nint outputStart = ((nint)image * Groups * OutputChannels + firstChannel) * Geometry.Area + firstRow * Geometry.Columns.OutputSize;
        var product = new BlockedProduct
        {
            Left = new PackedLeft(_packed + group * _packedLength, _tiles, Geometry.Depth),
            Rows = OutputChannels,
            Result = Output + outputStart,
            ResultStride = Geometry.Area,
            Accumulate = Accumulate,
            Width = Width,
            Epilogue = new ProductEpilogue
            {
                RowBias = Bias is null ? null : Bias + firstChannel,
                Residual = Residual is null ? null : Residual + outputStart,
                Activation = Activation,
            },
        };

        if (Geometry.IsIdentity)
        {
            bool direct = endTile - firstTile <= BlockedProduct.LargestDirectTiles;
            var panels = new MatrixPanels(input + firstRow * Geometry.Columns.OutputSize, Geometry.InputArea, false, direct);
            product.Compute(panels, firstTile, endTile, 0, columns, scratch);
        }
        else
        {
            // Its size is that of a whole task, so that the offsets hold for the last one as well.
            var slice = new ImageSlice(Geometry.Rows, Geometry.Columns, _rowsPerTask);
            float* values = scratch.Reserve(ScratchUse.ImageSlice, slice.Length(Geometry.Channels));
            slice.Fill(input, Geometry.Channels, firstRow, values);
            bool direct = endTile - firstTile <= LargestDirectPatchTiles && PatchPanels.CanBeDirect(Geometry.Columns.OutputSize);
            var panels = new PatchPanels(values, _offsets, Geometry.Columns.OutputSize, slice.OutputRowStep, Width, direct);
            product.Compute(panels, firstTile, endTile, 0, columns, scratch);
        }
    }

    private void PackWeights(float* weight, KernelThreads threads)
    {
        _tiles = new RowTiles(OutputChannels);
        _packedLength = PackedLeft.Length(_tiles, Geometry.Depth);
        _packed = threads.CallerScratch.Reserve(ScratchUse.PackedLeft, Groups * _packedLength);
        for (int group = 0; group < Groups; group++)
        {
            var pack = new PackLeftJob
            {
                Source = weight + (nint)group * OutputChannels * Geometry.Depth,
                Stride = Geometry.Depth,
                Scale = 1f,
                Rows = OutputChannels,
                Packed = new PackedLeft(_packed + group * _packedLength, _tiles, Geometry.Depth),
            };
            threads.Run(pack.Tasks, ref pack);
        }
    }

    private void Cut(int threads)
    {
        int rows = Geometry.Rows.OutputSize;
        int wanted = threads == 1 ? 1 : threads * TasksPerThread;
        _rowsPerTask = Geometry.IsIdentity ? rows : Geometry.RowsPerSlice(Geometry.Channels, SliceValues);
        int images = Math.Max(Batch * Groups, 1);
        int rowTasksWanted = Ceiling(wanted, images);
        if (Ceiling(rows, _rowsPerTask) < rowTasksWanted)
        {
            // Not below two panels of columns: what a task packs serves few of them otherwise.
            int least = Ceiling(2 * ProductTile.PanelColumns, Geometry.Columns.OutputSize);
            _rowsPerTask = Math.Min(_rowsPerTask, Math.Max(Ceiling(rows, rowTasksWanted), least));
        }

        _rowTasks = Ceiling(rows, _rowsPerTask);
        _tilesPerTask = Ceiling(_tiles.Count, Math.Min(_tiles.Count, Ceiling(wanted, images * _rowTasks)));
        _tileTasks = Ceiling(_tiles.Count, _tilesPerTask);
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
