namespace Tersor.Engine.Kernels;

/// <summary>
/// The gradient of a convolution's weight: inner products, along the positions of all images, of the output's gradient with
/// patch rows. A task is a group and a block of input channels: each makes only the patch rows of its own.
/// </summary>
internal unsafe struct WeightGradientJob : IKernelJob
{
    // Positions that are summed in one go, in whole images when those are small: fixed, for the order of the sum to be.
    private const int PositionsAtOnce = 1024;
    private const int PatchRowsAtOnce = 48;

    // Partial sums of a task, a vector each, stay in the second-level cache. With few pieces of the depth, they do not pay.
    private const int PartialSumValues = 256 << 10;
    private const int FewestPiecesForSums = 3;
    private const int TasksPerThread = 3;

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

    private int _channelsPerTask;
    private int _channelTasks;
    private int _channelsAtOnce;
    private int _rowsAtOnce;
    private int _imagesAtOnce;
    private bool _sumsAreVectors;
    private int* _offsets;

    public void Run(KernelThreads threads)
    {
        int positions = Geometry.Rows.KernelSize * Geometry.Columns.KernelSize;
        if (Batch == 0)
        {
            if (!Accumulate)
            {
                new Span<float>(WeightGradient, Groups * OutputChannels * Geometry.Depth).Clear();
            }

            return;
        }

        _rowsAtOnce = Math.Clamp(PositionsAtOnce / Geometry.Columns.OutputSize, 1, Geometry.Rows.OutputSize);
        _imagesAtOnce = Math.Clamp(PositionsAtOnce / Geometry.Area, 1, Batch);
        int wanted = threads.Count == 1 ? 1 : threads.Count * TasksPerThread;
        int perGroup = Math.Clamp(Ceiling(wanted, Groups), 1, Geometry.Channels);
        _channelsPerTask = Ceiling(Geometry.Channels, perGroup);
        long pieces = (long)Ceiling(Batch, _imagesAtOnce) * Ceiling(Geometry.Rows.OutputSize, _rowsAtOnce);
        _sumsAreVectors = pieces >= FewestPiecesForSums;
        if (_sumsAreVectors)
        {
            long sumsPerChannel = DotTile.SumsLength(Width, OutputChannels, positions);
            _channelsPerTask = (int)Math.Clamp(PartialSumValues / sumsPerChannel, 1, _channelsPerTask);
        }

        _channelTasks = Ceiling(Geometry.Channels, _channelsPerTask);
        _channelsAtOnce = Math.Clamp(PatchRowsAtOnce / positions, 1, _channelsPerTask);
        if (_channelsAtOnce > 2 && _channelsAtOnce < _channelsPerTask)
        {
            // An even number: most kernels have a multiple of three positions, and tiles have six columns.
            _channelsAtOnce &= ~1;
        }

        _offsets = (int*)threads.CallerScratch.Reserve(ScratchUse.Offsets, (long)_channelsAtOnce * positions);
        Geometry.WriteOffsets(new ImageSlice(Geometry.Rows, Geometry.Columns, _rowsAtOnce), _channelsAtOnce, _offsets);
        threads.Run(Groups * _channelTasks, ref this);
    }

    public readonly void Execute(int task, KernelScratch scratch)
    {
        (int group, int channelTask) = Math.DivRem(task, _channelTasks);
        int firstChannel = channelTask * _channelsPerTask;
        int endChannel = Math.Min(firstChannel + _channelsPerTask, Geometry.Channels);
        int length = _imagesAtOnce * _rowsAtOnce * Geometry.Columns.OutputSize;
        float* gradients = _imagesAtOnce == 1 ? null : scratch.Reserve(ScratchUse.PackedRight, (long)OutputChannels * length);
        int positionCount = Geometry.Depth / Geometry.Channels;
        int patchRows = (endChannel - firstChannel) * positionCount;
        float* target = WeightGradient + (nint)group * OutputChannels * Geometry.Depth + firstChannel * positionCount;
        float* sums = _sumsAreVectors ? scratch.Reserve(ScratchUse.PartialSums, DotTile.SumsLength(Width, OutputChannels, patchRows)) : null;
        bool first = true;
        for (int image = 0; image < Batch; image += _imagesAtOnce)
        {
            int images = Math.Min(_imagesAtOnce, Batch - image);
            for (int row = 0; row < Geometry.Rows.OutputSize; row += _rowsAtOnce)
            {
                int rows = Math.Min(_rowsAtOnce, Geometry.Rows.OutputSize - row);
                int positions = rows * Geometry.Columns.OutputSize;
                float* left = Gradient(image, group) + row * Geometry.Columns.OutputSize;
                nint leftStride = Geometry.Area;
                if (gradients is not null)
                {
                    leftStride = images * positions;
                    GatherGradients(image, images, group, gradients);
                    left = gradients;
                }

                for (int channel = firstChannel; channel < endChannel; channel += _channelsAtOnce)
                {
                    int channels = Math.Min(_channelsAtOnce, endChannel - channel);
                    int skipped = (channel - firstChannel) * positionCount;
                    float* right = Patches(image, images, group, channel, channels, row, positions, scratch, out nint rightStride);
                    int depth = images * positions;
                    if (_sumsAreVectors)
                    {
                        float* channelSums = sums + DotTile.SumsLength(Width, OutputChannels, skipped);
                        DotTile.Accumulate(Width, OutputChannels, channels * positionCount, depth, left, leftStride, right, rightStride, channelSums, first);
                    }
                    else
                    {
                        float beta = first && !Accumulate ? 0f : 1f;
                        DotTile.Products(
                            Width, OutputChannels, channels * positionCount, depth, left, leftStride, right, rightStride, target + skipped, Geometry.Depth, 1f, beta);
                    }
                }

                first = false;
            }
        }

        if (_sumsAreVectors)
        {
            DotTile.Finish(Width, OutputChannels, patchRows, sums, target, Geometry.Depth, Accumulate);
        }
    }

    private readonly float* Gradient(int image, int group) => OutputGradient + ((nint)image * Groups + group) * OutputChannels * Geometry.Area;

    /// <summary>The gradients of several whole images, channel by channel, images side by side.</summary>
    private readonly void GatherGradients(int image, int images, int group, float* gradients)
    {
        int area = Geometry.Area;
        for (int i = 0; i < images; i++)
        {
            float* source = Gradient(image + i, group);
            for (int channel = 0; channel < OutputChannels; channel++)
            {
                new ReadOnlySpan<float>(source + (nint)channel * area, area).CopyTo(new Span<float>(gradients + ((nint)channel * images + i) * area, area));
            }
        }
    }

    /// <summary>Patch rows of some channels for some rows of one image, or for whole images side by side.</summary>
    private readonly float* Patches(
        int image, int images, int group, int channel, int channels, int row, int positions, KernelScratch scratch, out nint stride)
    {
        if (Geometry.IsIdentity && images == 1)
        {
            stride = Geometry.Area;
            return Image(image, group, channel) + row * Geometry.Columns.OutputSize;
        }

        // Sixteen values between rows: patches are written in whole vectors, image after image.
        int patchRows = channels * (Geometry.Depth / Geometry.Channels);
        stride = (nint)images * positions + 16;
        float* patches = scratch.Reserve(ScratchUse.Partial, patchRows * (long)stride);
        var slice = new ImageSlice(Geometry.Rows, Geometry.Columns, _rowsAtOnce);
        float* values = scratch.Reserve(ScratchUse.ImageSlice, slice.Length(channels));
        for (int i = 0; i < images; i++)
        {
            slice.Fill(Image(image + i, group, channel), channels, row, values);
            var panels = new PatchPanels(values, _offsets, Geometry.Columns.OutputSize, slice.OutputRowStep, Width, direct: false);
            panels.Copy(0, patchRows, 0, positions, patches + i * positions, stride);
        }

        return patches;
    }

    private readonly float* Image(int image, int group, int channel) =>
        Input + (((nint)image * Groups + group) * Geometry.Channels + channel) * Geometry.InputArea;

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
