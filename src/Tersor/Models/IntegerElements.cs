using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tersor.Models;

/// <summary>Whole numbers of any width as the 32-bit integers that an entropy coder takes, and back.</summary>
internal static class IntegerElements
{
    /// <summary>The elements, or null where they would not come back bit for bit: one does not fit 32 bits, sign included, a bool is neither 0 nor 1, or bits beyond the last element are set.</summary>
    public static int[]? TryRead(Tensor tensor)
    {
        ReadOnlySpan<byte> bytes = tensor.Data.ReadAll().Span;
        int[] values = new int[tensor.ElementCount];
        int bits = tensor.ElementType.BitWidth();
        if (bits < 8 && values.Length % (8 / bits) is > 0 and int last && bytes[^1] >> (last * bits) != 0) return null;
        for (int i = 0; i < values.Length; i++)
        {
            long value = tensor.ElementType switch
            {
                ElementType.Int8 => (sbyte)bytes[i],
                ElementType.UInt8 or ElementType.Bool => bytes[i],
                ElementType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]),
                ElementType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]),
                ElementType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]),
                ElementType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 * i)..]),
                ElementType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]),
                ElementType.UInt64 => (long)Math.Min(long.MaxValue, BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 * i)..])),
                ElementType.UInt4 or ElementType.UInt2 => Packed(bytes, i, bits),
                ElementType.Int4 or ElementType.Int2 => (long)Packed(bytes, i, bits) << (64 - bits) >> (64 - bits),
                _ => throw new ArgumentException($"Tensor '{tensor.Name}' holds {tensor.ElementType.Name()}, not whole numbers.", nameof(tensor)),
            };

            // The lowest 32-bit integer has no magnitude that the binarization could carry.
            if (value is <= int.MinValue or > int.MaxValue || (value > 1 && tensor.ElementType == ElementType.Bool)) return null;
            values[i] = (int)value;
        }

        return values;
    }

    /// <summary>32-bit integers as elements of <paramref name="target"/>; refuses, when read, what does not fit there.</summary>
    /// <param name="integers">The elements.</param>
    /// <param name="tensorName">For messages.</param>
    /// <param name="place">Where the tensor begins in its file, for messages; negative where that is not known.</param>
    /// <param name="target">A type of whole numbers.</param>
    public static ByteSource Narrow(ByteSource integers, string tensorName, long place, ElementType target)
    {
        long count = integers.Length / sizeof(int);
        return ByteSource.Deferred(integers.Name, target.ByteLength(count), cancellationToken =>
        {
            ReadOnlySpan<int> values = MemoryMarshal.Cast<byte, int>(integers.ReadAll(cancellationToken).Span);
            byte[] bytes = new byte[target.ByteLength(count)];
            for (int i = 0; i < values.Length; i++)
            {
                if (!Fits(values[i], target))
                    throw new ModelFormatException(integers.Name, $"tensor '{tensorName}'", place, $"element {i} is {values[i]}, which is no {target.Name()}");
                Write(bytes, i, values[i], target);
            }

            return bytes;
        });
    }

    private static bool Fits(int value, ElementType target)
    {
        int bits = target == ElementType.Bool ? 1 : target.BitWidth();
        bool isSigned = target is ElementType.Int2 or ElementType.Int4 or ElementType.Int8 or ElementType.Int16 or ElementType.Int32 or ElementType.Int64;
        long lowest = isSigned ? -(1L << (bits - 1)) : 0;
        long highest = isSigned ? (1L << (bits - 1)) - 1 : bits >= 32 ? uint.MaxValue : (1L << bits) - 1;
        return value >= lowest && value <= highest;
    }

    private static void Write(byte[] bytes, int index, int value, ElementType target)
    {
        int bits = target.BitWidth();
        if (bits < 8)
        {
            int perByte = 8 / bits;
            bytes[index / perByte] |= (byte)((value & ((1 << bits) - 1)) << (index % perByte * bits));
            return;
        }

        int width = bits / 8;
        Span<byte> wide = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(wide, value);
        wide[..width].CopyTo(bytes.AsSpan(index * width));
    }

    private static int Packed(ReadOnlySpan<byte> bytes, int index, int bits)
    {
        int perByte = 8 / bits;
        return (bytes[index / perByte] >> (index % perByte * bits)) & ((1 << bits) - 1);
    }
}
