namespace Tersor.Engine.Kernels;

/// <summary>Writes the patch matrix of one group of an image, the rows of one channel per task.</summary>
internal unsafe struct PatchWriteJob : IKernelJob
{
    public PatchGeometry Geometry;
    public float* Image;
    public float* Patches;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int rows = Geometry.Depth / Geometry.Channels;
        Geometry.WriteChannel(
            new ReadOnlySpan<float>(Image + ((nint)task * Geometry.InputArea), Geometry.InputArea),
            new Span<float>(Patches + ((nint)task * rows * Geometry.Area), rows * Geometry.Area),
            Geometry.Area);
    }
}
