namespace Tersor.Engine.Kernels;

/// <summary>
/// The gradient of a convolution's weight as a matrix product whose depth are the positions of all images: output channels of the gradient times what each kernel row
/// meets, which <see cref="ChannelLastSlice"/> has side by side. A task is a part of the positions, a group and a block of input channels; the parts, which depend
/// on the shape alone, are added up at the end.
/// </summary>
internal unsafe struct WeightGradientProduct : IKernelJob
{
    private const int HalfPanel = ProductTile.PanelColumns / 2;

    // Positions multiplied in one go: enough that reading and writing sums costs little, few enough that both operands stay in the second-level cache.
    private const int MostPositionsAtOnce = 512;
    private const int FewestPositionsAtOnce = 64;
    private const int GradientValuesAtOnce = 128 << 10;

    // Sums of a task stay in the second-level cache; those of all parts together are read once more.
    private const int LargestSums = 256 << 10;
    private const int TasksWanted = 32;

    public PatchGeometry Geometry;
    public int Batch;
    public int Groups;

    /// <summary>Output channels of one group.</summary>
    public int OutputChannels;

    public float* Input;
    public float* OutputGradient;
    public float* WeightGradient;
    public bool Accumulate;
    public VectorWidth Width;

    private RowTiles _tiles;
    private int _channelsPerBlock;
    private int _blocks;
    private int _runs;
    private int _halvesPerRun;
    private int _imagesAtOnce;
    private int _rowsAtOnce;
    private int _parts;
    private int* _places;
    private float* _sums;

    /// <summary>Whether lanes and tiles are well filled: otherwise <see cref="WeightGradientJob"/>, whose vectors lie along the positions, is faster.</summary>
    public readonly bool IsEfficient
    {
        get
        {
            int run = RunLength(Geometry.Channels);
            return Batch > 0 && OutputChannels >= 8 && 3 * run >= 2 * Ceiling(run, HalfPanel) * HalfPanel;
        }
    }

    /// <summary>Columns of the product, a vector for each half panel.</summary>
    private readonly int SumStride => Ceiling(_runs * _halvesPerRun, 2) * ProductTile.PanelColumns;

    private readonly int SumLength => _tiles.PaddedRows * SumStride;

    public void Run(KernelThreads threads)
    {
        Cut();
        var slice = new ChannelLastSlice(Geometry.Rows, Geometry.Columns, _channelsPerBlock, _rowsAtOnce);
        WritePlaces(slice, threads.CallerScratch);
        int tasks = Groups * _blocks * _parts;
        _sums = threads.CallerScratch.Reserve(ScratchUse.PartsOfSums, (long)tasks * SumLength);
        threads.Run(tasks, ref this);
        var collect = new WeightGradientSumJob
        {
            Geometry = Geometry,
            OutputChannels = OutputChannels,
            ChannelsPerBlock = _channelsPerBlock,
            Parts = _parts,
            PartLength = SumLength,
            RowLength = SumStride,
            RunLength = _halvesPerRun * HalfPanel,
            Sums = _sums,
            WeightGradient = WeightGradient,
            Accumulate = Accumulate,
        };
        threads.Run(Groups * OutputChannels, ref collect);
    }

    public readonly void Execute(int task, KernelScratch scratch)
    {
        (int groupBlock, int part) = Math.DivRem(task, _parts);
        (int group, int block) = Math.DivRem(groupBlock, _blocks);
        int channel = block * _channelsPerBlock;
        int rowPieces = Ceiling(Geometry.Rows.OutputSize, _rowsAtOnce);
        int pieces = Ceiling(Batch, _imagesAtOnce) * rowPieces;
        int first = (int)((long)pieces * part / _parts);
        int end = (int)((long)pieces * (part + 1) / _parts);
        for (int piece = first; piece < end; piece++)
        {
            (int imagePiece, int rowPiece) = Math.DivRem(piece, rowPieces);
            int image = imagePiece * _imagesAtOnce;
            int images = Math.Min(_imagesAtOnce, Batch - image);
            int row = rowPiece * _rowsAtOnce;
            int positions = Math.Min(_rowsAtOnce, Geometry.Rows.OutputSize - row) * Geometry.Columns.OutputSize;
            float* gradients = PackGradients(group, image, images, row, positions, scratch);
            float* values = FillSlices(group, image, images, row, channel, scratch);
            Multiply(gradients, values, images * positions, _sums + (nint)task * SumLength, accumulate: piece > first);
        }
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;

    /// <summary>Values that a kernel row, or with dilation a kernel position, meets side by side.</summary>
    private readonly int RunLength(int channels) => Geometry.Columns.Dilation == 1 ? Geometry.Columns.KernelSize * channels : channels;

    private void Cut()
    {
        _tiles = new RowTiles(OutputChannels);
        int wanted = Math.Clamp(GradientValuesAtOnce / _tiles.PaddedRows, FewestPositionsAtOnce, MostPositionsAtOnce);
        _rowsAtOnce = Math.Clamp(wanted / Geometry.Columns.OutputSize, 1, Geometry.Rows.OutputSize);
        _imagesAtOnce = _rowsAtOnce < Geometry.Rows.OutputSize ? 1 : Math.Clamp(wanted / Geometry.Area, 1, Batch);
        int kernel = Geometry.Rows.KernelSize * Geometry.Columns.KernelSize;
        int channels = Math.Max(LargestSums / (_tiles.PaddedRows * kernel) / HalfPanel, 1) * HalfPanel;
        _channelsPerBlock = Math.Min(channels, Geometry.Channels);
        _blocks = Ceiling(Geometry.Channels, _channelsPerBlock);
        _runs = kernel * _channelsPerBlock / RunLength(_channelsPerBlock);
        _halvesPerRun = Ceiling(RunLength(_channelsPerBlock), HalfPanel);
        int pieces = Ceiling(Batch, _imagesAtOnce) * Ceiling(Geometry.Rows.OutputSize, _rowsAtOnce);
        int most = Math.Min(pieces, Math.Max(LargestSums / SumLength, 1));
        _parts = Math.Min(Ceiling(TasksWanted, Groups * _blocks), most);
    }

    /// <summary>Writes where in the slices each position begins, and after these where each half panel does.</summary>
    private void WritePlaces(in ChannelLastSlice slice, KernelScratch scratch)
    {
        int positions = _imagesAtOnce * _rowsAtOnce * Geometry.Columns.OutputSize;
        _places = (int*)scratch.Reserve(ScratchUse.Offsets, positions + _runs * _halvesPerRun);
        int* place = _places;
        for (int image = 0; image < _imagesAtOnce; image++)
        {
            for (int row = 0; row < _rowsAtOnce; row++)
            {
                for (int column = 0; column < Geometry.Columns.OutputSize; column++)
                {
                    *place++ = image * slice.ValueCount + slice.Offset(row * Geometry.Rows.Stride, column * Geometry.Columns.Stride);
                }
            }
        }

        int runsPerRow = _runs / Geometry.Rows.KernelSize;
        for (int run = 0; run < _runs; run++)
        {
            (int kernelRow, int kernelColumn) = Math.DivRem(run, runsPerRow);
            for (int half = 0; half < _halvesPerRun; half++)
            {
                *place++ = slice.Offset(kernelRow * Geometry.Rows.Dilation, kernelColumn * Geometry.Columns.Dilation) + half * HalfPanel;
            }
        }
    }

    /// <summary>The gradients of some positions of some images in tiles of output channels.</summary>
    private readonly float* PackGradients(int group, int image, int images, int row, int positions, KernelScratch scratch)
    {
        float* packed = scratch.Reserve(ScratchUse.PackedRight, (long)_tiles.PaddedRows * images * positions);
        for (int i = 0; i < images; i++)
        {
            float* source = OutputGradient + ((nint)(image + i) * Groups + group) * OutputChannels * Geometry.Area + row * Geometry.Columns.OutputSize;
            for (int tile = 0; tile < _tiles.Count; tile++)
            {
                int channel = _tiles.FirstRow(tile);
                int height = _tiles.Height(tile);
                float* target = packed + (nint)channel * images * positions + (nint)i * positions * height;
                Interleave.Rows(source + (nint)channel * Geometry.Area, Geometry.Area, Math.Min(height, OutputChannels - channel), height, positions, 1f, target);
            }
        }

        return packed;
    }

    private readonly float* FillSlices(int group, int image, int images, int row, int channel, KernelScratch scratch)
    {
        var slice = new ChannelLastSlice(Geometry.Rows, Geometry.Columns, _channelsPerBlock, _rowsAtOnce);
        float* values = scratch.Reserve(ScratchUse.ImageSlice, slice.Length(_imagesAtOnce));
        int channels = Math.Min(_channelsPerBlock, Geometry.Channels - channel);
        for (int i = 0; i < images; i++)
        {
            float* source = Input + (((nint)(image + i) * Groups + group) * Geometry.Channels + channel) * Geometry.InputArea;
            slice.Fill(source, channels, row, values + (nint)i * slice.ValueCount);
        }

        return values;
    }

    private readonly void Multiply(float* gradients, float* values, int positions, float* sums, bool accumulate)
    {
        int halves = _runs * _halvesPerRun;
        int* halfPlaces = _places + _imagesAtOnce * _rowsAtOnce * Geometry.Columns.OutputSize;
        for (int tile = 0; tile < _tiles.Count; tile++)
        {
            int row = _tiles.FirstRow(tile);
            var kernel = ProductTile.For(Width, _tiles.Height(tile), indexed: true);
            for (int half = 0; half < halves; half += 2)
            {
                bool isPair = half + 1 < halves;
                var panel = new PanelView
                {
                    Start = values + halfPlaces[half],
                    Offsets = _places,
                    SecondHalf = isPair ? halfPlaces[half + 1] - halfPlaces[half] : 0,
                };
                float* result = sums + (nint)row * SumStride + half * HalfPanel;
                kernel(positions, gradients + (nint)row * positions, &panel, result, SumStride, isPair ? ProductTile.PanelColumns : HalfPanel, accumulate, null);
            }
        }
    }
}
