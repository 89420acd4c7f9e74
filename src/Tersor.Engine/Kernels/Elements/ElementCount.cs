namespace Tersor.Engine.Kernels;

/// <summary>Counts the elements of a shape.</summary>
internal static class ElementCount
{
    /// <exception cref="ArgumentException">A dimension is negative, or there are more elements than an index can count.</exception>
    public static int Of(ReadOnlySpan<int> shape)
    {
        long count = 1;
        bool empty = false;
        foreach (int size in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size);
            empty |= size == 0;
            count *= Math.Max(size, 1);
            if (count > int.MaxValue)
            {
                throw new ArgumentException($"A shape has more than {int.MaxValue} elements.", nameof(shape));
            }
        }

        return empty ? 0 : (int)count;
    }
}
