using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tersor.Models;

namespace Tersor.Representations;

/// <summary>Reads what <see cref="RepresentationWriter"/> wrote, from bytes that may come from anywhere: nothing is set aside before the bytes for it are there.</summary>
internal ref struct RepresentationReader(ReadOnlySpan<byte> bytes, string source)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    /// <summary>Bytes read.</summary>
    public readonly int Consumed => _at;

    public byte ReadByte() => Take(1, "a number")[0];

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int), "a number"));

    /// <summary>An array with its length before it.</summary>
    public T[] ReadArray<T>(string name)
        where T : unmanaged
    {
        int length = ReadInt32();
        ReadOnlySpan<byte> elements = Take((long)length * Unsafe.SizeOf<T>(), name);
        T[] values = GC.AllocateUninitializedArray<T>(length);
        elements.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Indices with their width and number before them.</summary>
    public PackedIndices ReadIndices(string name, long length)
    {
        int width = ReadByte();
        if (width is not (1 or 2 or 4)) throw Damaged($"{name} has indices of {width} bytes; they have 1, 2 or 4");
        int found = ReadInt32();
        if (found != length) throw Damaged($"{name} has {found:N0} elements, {length:N0} are expected");
        return new PackedIndices(Take((long)found * width, name).ToArray(), width);
    }

    /// <summary>Indices of a number that the file alone says.</summary>
    public PackedIndices ReadIndices(string name)
    {
        int length = _bytes.Length - _at > sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(_bytes[(_at + 1)..]) : 0;
        return ReadIndices(name, Math.Max(0, length));
    }

    /// <summary>Where the parts of another array start and the last ends: from 0 to its length, never falling.</summary>
    public PackedIndices ReadPointers(string name, long length, int end)
    {
        PackedIndices pointers = ReadIndices(name, length);
        CheckPointers(name, pointers, end);
        return pointers;
    }

    /// <summary>Refuses pointers that do not go from 0 to <paramref name="end"/>.</summary>
    public readonly void CheckPointers(string name, PackedIndices pointers, int end)
    {
        int last = 0;
        for (int i = 0; i < pointers.Length; i++)
        {
            int pointer = pointers[i];
            if (pointer < last || pointer > end || (i == 0 && pointer != 0)) throw Damaged($"{name}[{i}] is {pointer}, between {last} and {end} is expected");
            last = pointer;
        }

        if (pointers.Length > 0 && last != end) throw Damaged($"{name} ends at {last}, the array has {end} elements");
    }

    /// <summary>A table of values by code, of which the first must be finite.</summary>
    public float[] ReadValues(string name, int limit)
    {
        float[] values = ReadArray<float>(name);
        if (values.Length == 0 || values.Length > limit) throw Damaged($"{name} has {values.Length:N0} values, 1 to {limit:N0} are expected");
        return float.IsFinite(values[0]) ? values : throw Damaged($"{name} starts with a value that is not finite");
    }

    /// <summary>The exception for bytes that are wrong where reading stands.</summary>
    public readonly ModelFormatException Damaged(string problem) => new(source, "representation", _at, problem + "; the file is damaged, make it again");

    private ReadOnlySpan<byte> Take(long count, string name)
    {
        if (count < 0 || count > _bytes.Length - _at) throw Damaged($"{name} needs {count:N0} bytes, {_bytes.Length - _at:N0} are left");
        ReadOnlySpan<byte> taken = _bytes.Slice(_at, (int)count);
        _at += (int)count;
        return taken;
    }
}
