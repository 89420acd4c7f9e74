using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tersor.Representations;

/// <summary>Writes the arrays of a representation, all numbers little-endian. <see cref="Representation.Write"/> says the order.</summary>
internal readonly ref struct RepresentationWriter(IBufferWriter<byte> destination)
{
    public void WriteByte(byte value) => destination.Write([value]);

    public void WriteInt32(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        destination.Write(bytes);
    }

    /// <summary>Number of elements, then they.</summary>
    public void WriteArray<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        WriteInt32(values.Length);
        destination.Write(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Bytes of an index, number of indices, then they.</summary>
    public void WriteIndices(PackedIndices indices)
    {
        WriteByte((byte)indices.Width);
        WriteInt32(indices.Length);
        destination.Write(indices.Bytes);
    }
}
