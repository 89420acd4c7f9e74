using System.Numerics.Tensors;

namespace Tersor.Engine.Kernels;

/// <summary>Adds up the parts of a <see cref="WeightGradientProduct"/> in their order and puts them where the weight has them, one output channel per task.</summary>
internal unsafe struct WeightGradientSumJob : IKernelJob
{
    public PatchGeometry Geometry;

    /// <summary>Output channels of one group.</summary>
    public int OutputChannels;

    public int ChannelsPerBlock;
    public int Parts;

    /// <summary>Values from one part to the next.</summary>
    public int PartLength;

    /// <summary>Values of one output channel in a part.</summary>
    public int RowLength;

    /// <summary>Values from one run of kernel columns and channels to the next.</summary>
    public int RunLength;

    /// <summary>Group by group, block of channels by block, part by part.</summary>
    public float* Sums;

    public float* WeightGradient;
    public bool Accumulate;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        (int group, int output) = Math.DivRem(task, OutputChannels);
        int blocks = (Geometry.Channels + ChannelsPerBlock - 1) / ChannelsPerBlock;
        var total = new Span<float>(scratch.Reserve(ScratchUse.Partial, RowLength), RowLength);
        for (int block = 0; block < blocks; block++)
        {
            float* part = Sums + (nint)(group * blocks + block) * Parts * PartLength + (nint)output * RowLength;
            new ReadOnlySpan<float>(part, RowLength).CopyTo(total);
            for (int i = 1; i < Parts; i++)
            {
                TensorPrimitives.Add(total, new ReadOnlySpan<float>(part + (nint)i * PartLength, RowLength), total);
            }

            int channel = block * ChannelsPerBlock;
            Place(total, Math.Min(ChannelsPerBlock, Geometry.Channels - channel), WeightGradient + (nint)task * Geometry.Depth + channel * Geometry.Depth / Geometry.Channels);
        }
    }

    private readonly void Place(ReadOnlySpan<float> total, int channels, float* target)
    {
        (int kernelRows, int kernelColumns) = (Geometry.Rows.KernelSize, Geometry.Columns.KernelSize);
        bool isRowPerRun = Geometry.Columns.Dilation == 1;
        int columnStep = isRowPerRun ? ChannelsPerBlock : RunLength;
        int rowStep = isRowPerRun ? RunLength : RunLength * kernelColumns;
        for (int channel = 0; channel < channels; channel++)
        {
            for (int row = 0; row < kernelRows; row++)
            {
                for (int column = 0; column < kernelColumns; column++, target++)
                {
                    float sum = total[row * rowStep + column * columnStep + channel];
                    *target = Accumulate ? *target + sum : sum;
                }
            }
        }
    }
}
