using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tersor.Models;

namespace Tersor.Engine.Kernels;

/// <summary>What a scratch buffer is for; buffers with different uses never overlap.</summary>
internal enum ScratchUse
{
    /// <summary>The left operand of a product in tiles: made by the caller, read by all threads.</summary>
    PackedLeft,

    /// <summary>Columns of the right operand in panels: of one thread.</summary>
    PackedRight,

    /// <summary>The part of an image that a task reads, padded: of one thread.</summary>
    ImageSlice,

    /// <summary>Products that are yet to be scattered or summed: of one thread.</summary>
    Partial,

    /// <summary>Sums, a vector each, of which more is to come: of one thread.</summary>
    PartialSums,

    /// <summary>Sums of every task of a job, which a second job adds up: made by the caller, written and read by all threads.</summary>
    PartsOfSums,

    /// <summary>An operand in another order: made by the caller, read by all threads.</summary>
    Reordered,

    /// <summary>Offsets into an image slice, as 32-bit integers: made by the caller, read by all threads.</summary>
    Offsets,

    /// <summary>How many uses there are.</summary>
    Count,
}

/// <summary>Buffers of one thread, kept from call to call and grown when a larger one is asked for.</summary>
internal sealed unsafe class KernelScratch
{
    private const int AlignmentInElements = 16;

    private readonly float[]?[] _buffers = new float[(int)ScratchUse.Count][];

    /// <summary>
    /// A buffer of at least <paramref name="length"/> values on a 64-byte boundary, holding what was left there (zeros at first). It stays
    /// valid until the same use is asked for again on this object.
    /// </summary>
    /// <exception cref="ResourceLimitException">The length passes what one array can hold.</exception>
    public float* Reserve(ScratchUse use, long length)
    {
        ref float[]? buffer = ref _buffers[(int)use];
        if (buffer is null || buffer.Length < length + AlignmentInElements)
        {
            buffer = null;
            buffer = Allocate(length);
        }

        float* start = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(buffer));
        return (float*)(((nuint)start + 63) & ~(nuint)63);
    }

    private static float[] Allocate(long length)
    {
        if (length > Array.MaxLength - AlignmentInElements)
        {
            throw new ResourceLimitException($"A kernel needs a scratch buffer of {length} values; the limit is {Array.MaxLength}. Use a smaller batch or image.");
        }

        // Pinned: the pointer outlives this call.
        return GC.AllocateArray<float>((int)length + AlignmentInElements, pinned: true);
    }
}
