using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Tersor.Models;

/// <summary>A named tensor: element type, shape, and data that may still lie in its file. Elements are little-endian, row-major.</summary>
public sealed class Tensor
{
    /// <summary>Joins name, type, shape and data.</summary>
    /// <exception cref="ArgumentException">The data has not the length that type and shape ask for (text excepted).</exception>
    public Tensor(string name, ElementType elementType, TensorShape shape, ByteSource data)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(data);
        if (elementType != ElementType.String && data.Length != elementType.ByteLength(shape.ElementCount))
        {
            throw new ArgumentException(
                $"Tensor '{name}': {elementType.Name()} {shape} takes {elementType.ByteLength(shape.ElementCount)} bytes, the data has {data.Length}.",
                nameof(data));
        }

        Name = name;
        ElementType = elementType;
        Shape = shape;
        Data = data;
    }

    /// <summary>A tensor of binary32 values in memory.</summary>
    public Tensor(string name, TensorShape shape, float[] values)
        : this(name, ElementType.Float32, shape, ByteSource.FromMemory(LittleEndianBytes(values), name))
    {
    }

    /// <summary>The name; unique within a model, any Unicode text, not a path.</summary>
    public string Name { get; }

    /// <summary>Type of the elements.</summary>
    public ElementType ElementType { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>The elements: little-endian, row-major, packed where narrower than a byte.</summary>
    public ByteSource Data { get; }

    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.ElementCount;

    /// <summary>Number of bytes of <see cref="Data"/>.</summary>
    public long ByteLength => Data.Length;

    /// <summary>
    /// The elements as binary32. Binary16, bfloat16 and binary64 are converted (binary64 rounds to nearest); other types are refused.
    /// </summary>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="InvalidOperationException">The element type is not one of the four.</exception>
    /// <exception cref="ResourceLimitException">More elements than an array can hold.</exception>
    public float[] ReadSingles(CancellationToken cancellationToken = default)
    {
        if (!ElementType.IsQuantizable())
            throw new InvalidOperationException($"Tensor '{Name}' holds {ElementType.Name()}, not real numbers.");
        if (ElementCount > Array.MaxLength)
            throw new ResourceLimitException($"{Data.Name}: tensor '{Name}' has {ElementCount:N0} elements; at most {Array.MaxLength:N0} are supported, split it.");
        float[] values = GC.AllocateUninitializedArray<float>((int)ElementCount);
        int width = ElementType.BitWidth() / 8;
        if (!Data.ReadsInParts || Data.TryGetMemory(out _))
        {
            Widen(Data.ReadAll(cancellationToken).Span, values);
            return values;
        }

        // Pieces of 1 MiB keep a large tensor at one copy: its floats.
        byte[] piece = GC.AllocateUninitializedArray<byte>((int)Math.Min(1 << 20, Math.Max(width, ByteLength)));
        int elementsPerPiece = piece.Length / width;
        for (int done = 0; done < values.Length;)
        {
            int count = Math.Min(elementsPerPiece, values.Length - done);
            Span<byte> bytes = piece.AsSpan(0, count * width);
            cancellationToken.ThrowIfCancellationRequested();
            Data.Read((long)done * width, bytes);
            Widen(bytes, values.AsSpan(done, count));
            done += count;
        }

        return values;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {ElementType.Name()} {Shape}";

    private void Widen(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (ElementType)
        {
            case ElementType.Float32 when BitConverter.IsLittleEndian:
                bytes.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case ElementType.Float32:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * 4)..]);
                break;
            case ElementType.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                break;
            case ElementType.BFloat16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * 2)..]) << 16);
                break;
            default:
                for (int i = 0; i < values.Length; i++) values[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * 8)..]);
                break;
        }
    }

    private static ReadOnlyMemory<byte> LittleEndianBytes(float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(values.Length * 4));
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), values[i]);
        return bytes;
    }
}
