using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>
/// The gradient of a convolution's input for strides beyond 1 and for outputs much smaller than the input: the transposed weights of a few channels times the output's
/// gradient give what each kernel position adds to the input. A task is an image, a group and a block of input channels.
/// </summary>
internal unsafe struct PatchScatterJob : IKernelJob
{
    private const int PartialValues = 96 << 10;

    public PatchGeometry Geometry;
    public int Groups;

    /// <summary>Output channels of one group.</summary>
    public int OutputChannels;

    public float* OutputGradient;
    public float* InputGradient;
    public bool Accumulate;
    public VectorWidth Width;

    private float* _packed;
    private long _packedLength;
    private int _channelsPerTask;
    private int _channelTasks;

    public void Run(int batch, float* weight, KernelThreads threads)
    {
        int positions = Geometry.Rows.KernelSize * Geometry.Columns.KernelSize;
        long perChannel = (long)positions * Geometry.Area;
        _channelsPerTask = (int)Math.Clamp(PartialValues / perChannel, 1, Geometry.Channels);
        _channelTasks = (Geometry.Channels + _channelsPerTask - 1) / _channelsPerTask;

        // Each block of channels is a product of its own: its weights are packed by themselves.
        _packedLength = PackedLeft.Length(new RowTiles(_channelsPerTask * positions), OutputChannels);
        _packed = threads.CallerScratch.Reserve(ScratchUse.PackedLeft, Groups * _channelTasks * _packedLength);
        for (int block = 0; block < Groups * _channelTasks; block++)
        {
            (int group, int channelTask) = Math.DivRem(block, _channelTasks);
            int channel = channelTask * _channelsPerTask;
            int rows = Math.Min(_channelsPerTask, Geometry.Channels - channel) * positions;
            var pack = new PackLeftJob
            {
                Source = weight + ((nint)group * OutputChannels * Geometry.Channels + channel) * positions,
                Stride = Geometry.Depth,
                Transposed = true,
                Scale = 1f,
                Rows = rows,
                Packed = new PackedLeft(_packed + block * _packedLength, new RowTiles(rows), OutputChannels),
            };
            threads.Run(pack.Tasks, ref pack);
        }

        threads.Run(checked(batch * Groups * _channelTasks), ref this);
    }

    public readonly void Execute(int task, KernelScratch scratch)
    {
        (int imageGroup, int channelTask) = Math.DivRem(task, _channelTasks);
        int group = imageGroup % Groups;
        int channel = channelTask * _channelsPerTask;
        int channels = Math.Min(_channelsPerTask, Geometry.Channels - channel);
        int rows = channels * Geometry.Rows.KernelSize * Geometry.Columns.KernelSize;
        float* partial = scratch.Reserve(ScratchUse.Partial, (long)rows * Geometry.Area);
        var tiles = new RowTiles(rows);
        var product = new BlockedProduct
        {
            Left = new PackedLeft(_packed + (group * _channelTasks + channelTask) * _packedLength, tiles, OutputChannels),
            Rows = rows,
            Result = partial,
            ResultStride = Geometry.Area,
            Width = Width,
        };
        float* gradient = OutputGradient + (nint)imageGroup * OutputChannels * Geometry.Area;
        product.Compute(new MatrixPanels(gradient, Geometry.Area, false, tiles.Count <= BlockedProduct.LargestDirectTiles), 0, tiles.Count, 0, Geometry.Area, scratch);

        float* target = InputGradient + ((nint)imageGroup * Geometry.Channels + channel) * Geometry.InputArea;
        if (!Accumulate)
        {
            new Span<float>(target, channels * Geometry.InputArea).Clear();
        }

        for (int i = 0; i < channels; i++)
        {
            for (int kernelRow = 0; kernelRow < Geometry.Rows.KernelSize; kernelRow++)
            {
                for (int kernelColumn = 0; kernelColumn < Geometry.Columns.KernelSize; kernelColumn++)
                {
                    Scatter(partial, kernelRow, kernelColumn, target);
                    partial += Geometry.Area;
                }
            }

            target += Geometry.InputArea;
        }
    }

    /// <summary>Adds one kernel position's products to one channel of the input's gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Scatter(float* partial, int kernelRow, int kernelColumn, float* target)
    {
        WindowAxis columns = Geometry.Columns;
        int start = kernelColumn * columns.Dilation - columns.PadBefore;
        int first = start >= 0 ? 0 : (-start + columns.Stride - 1) / columns.Stride;
        int end = (int)Math.Min(columns.OutputSize, ((long)columns.InputSize - start + columns.Stride - 1) / columns.Stride);
        for (int row = 0; row < Geometry.Rows.OutputSize; row++)
        {
            int targetRow = row * Geometry.Rows.Stride - Geometry.Rows.PadBefore + kernelRow * Geometry.Rows.Dilation;
            if ((uint)targetRow < (uint)Geometry.Rows.InputSize)
            {
                float* line = target + (nint)targetRow * columns.InputSize + start;
                int column = first;
                if (columns.Stride == 1 && Vector256.IsHardwareAccelerated)
                {
                    for (; column + Vector256<float>.Count <= end; column += Vector256<float>.Count)
                    {
                        (Vector256.Load(line + column) + Vector256.Load(partial + column)).Store(line + column);
                    }
                }

                for (; column < end; column++)
                {
                    line[(nint)column * columns.Stride] += partial[column];
                }
            }

            partial += columns.OutputSize;
        }
    }
}
