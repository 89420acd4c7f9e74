namespace Tersor.Engine.Kernels;

/// <summary>How the depth of a product is cut, so that a tile of the left operand stays in the first-level cache.</summary>
internal readonly struct DepthBlocks(int depth)
{
    private const int Largest = 512;

    /// <summary>Steps of every block but the last, which may be shorter.</summary>
    public int Size { get; } = depth <= Largest ? depth : Ceiling(Ceiling(depth, Ceiling(depth, Largest)), 8) * 8;

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
