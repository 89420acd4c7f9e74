using System.Numerics.Tensors;

namespace Tersor.Engine.Kernels;

/// <summary>Sums an N x C x area tensor over images and positions, one task per channel, image by image.</summary>
internal unsafe struct ChannelSumJob : IKernelJob
{
    public int Batch;
    public int Channels;
    public int Area;
    public float* Values;
    public float* Sums;
    public bool Accumulate;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        // In double: with many images the partial sums are large beside what is added.
        double sum = Accumulate ? Sums[task] : 0.0;
        for (int image = 0; image < Batch; image++)
        {
            sum += TensorPrimitives.Sum(new ReadOnlySpan<float>(Values + ((nint)image * Channels + task) * Area, Area));
        }

        Sums[task] = (float)sum;
    }
}
