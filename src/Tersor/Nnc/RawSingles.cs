using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tersor.Nnc;

/// <summary>Binary32 values in little-endian bytes, as raw units carry them.</summary>
internal static class RawSingles
{
    public static void Copy(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        bytes.CopyTo(MemoryMarshal.AsBytes(values));
        ToHostOrder(values);
    }

    /// <summary>Turns values whose bytes were read little-endian into the machine's order, in place.</summary>
    public static void ToHostOrder(Span<float> values)
    {
        if (BitConverter.IsLittleEndian) return;
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        BinaryPrimitives.ReverseEndianness(bits, bits);
    }
}
