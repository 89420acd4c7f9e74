using System.Runtime.InteropServices;

namespace Tersor.Models;

/// <summary>Elements that lie in a storage at strides other than row-major: transposed arrays, slices, Fortran order.</summary>
internal static class StridedElements
{
    /// <summary>
    /// The elements in row-major order: a window of the storage where they lie so already, otherwise gathered when read. A gathered tensor takes its
    /// own size plus the part of the storage that it spans.
    /// </summary>
    /// <param name="name">What messages call the tensor.</param>
    /// <param name="storage">Whole elements.</param>
    /// <param name="offset">Index of the first element.</param>
    /// <param name="shape">Dimensions.</param>
    /// <param name="strides">Elements from one index to the next, one per dimension, 0 or more.</param>
    /// <param name="elementWidth">Bytes of an element: 1, 2, 4, 8 or 16.</param>
    public static ByteSource RowMajor(
        string name, ByteSource storage, long offset, TensorShape shape, long[] strides, int elementWidth)
    {
        long byteLength = shape.ElementCount * elementWidth;
        if (IsRowMajor(shape, strides)) return storage.Slice(offset * elementWidth, byteLength);
        long span = Span(shape, strides);
        ByteSource window = storage.Slice(offset * elementWidth, span * elementWidth);
        return ByteSource.Deferred(name, byteLength, cancellationToken => Gather(name, window, shape, strides, elementWidth, cancellationToken));
    }

    /// <summary>
    /// Number of elements from the first to the last, both included; 0 for an empty tensor, -1 where it exceeds 63 bits.
    /// </summary>
    public static long Span(TensorShape shape, ReadOnlySpan<long> strides)
    {
        if (shape.ElementCount == 0) return 0;
        UInt128 last = 0;
        for (int i = 0; i < shape.Rank; i++) last += (UInt128)(ulong)(shape[i] - 1) * (ulong)strides[i];
        return last >= long.MaxValue ? -1 : (long)last + 1;
    }

    private static bool IsRowMajor(TensorShape shape, ReadOnlySpan<long> strides)
    {
        if (shape.ElementCount == 0) return true;
        long expected = 1;
        for (int i = shape.Rank - 1; i >= 0; i--)
        {
            if (shape[i] != 1 && strides[i] != expected) return false;
            expected *= shape[i];
        }

        return true;
    }

    private static byte[] Gather(string name, ByteSource window, TensorShape shape, long[] strides, int elementWidth, CancellationToken cancellationToken)
    {
        long byteLength = shape.ElementCount * elementWidth;
        if (byteLength > Array.MaxLength)
        {
            throw new ResourceLimitException(
                $"{name}: {byteLength:N0} bytes in another order than row-major do not fit one array; save the tensor contiguous.");
        }

        ReadOnlySpan<byte> source = window.ReadAll(cancellationToken).Span;
        byte[] gathered = GC.AllocateUninitializedArray<byte>((int)byteLength);
        Span<byte> destination = gathered;
        switch (elementWidth)
        {
            case 1: Gather(source, destination, shape, strides); break;
            case 2: Gather(MemoryMarshal.Cast<byte, ushort>(source), MemoryMarshal.Cast<byte, ushort>(destination), shape, strides); break;
            case 4: Gather(MemoryMarshal.Cast<byte, uint>(source), MemoryMarshal.Cast<byte, uint>(destination), shape, strides); break;
            case 8: Gather(MemoryMarshal.Cast<byte, ulong>(source), MemoryMarshal.Cast<byte, ulong>(destination), shape, strides); break;
            default: Gather(MemoryMarshal.Cast<byte, UInt128>(source), MemoryMarshal.Cast<byte, UInt128>(destination), shape, strides); break;
        }

        return gathered;
    }

    private static void Gather<T>(ReadOnlySpan<T> source, Span<T> destination, TensorShape shape, ReadOnlySpan<long> strides)
    {
        // A tensor that is not row-major has at least one dimension.
        int inner = shape.Rank - 1;
        int rowLength = (int)shape[inner];
        int step = (int)strides[inner];
        Span<int> index = stackalloc int[shape.Rank];
        long row = 0;
        while (!destination.IsEmpty)
        {
            int from = (int)row;
            for (int i = 0; i < rowLength; i++, from += step) destination[i] = source[from];
            destination = destination[rowLength..];
            for (int axis = inner - 1; axis >= 0; axis--)
            {
                row += strides[axis];
                if (++index[axis] < shape[axis]) break;
                row -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }
    }
}
