using System.Buffers.Binary;
using System.Globalization;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>
/// A tensor in memory as the engine computes with it: binary32 values, or whole numbers (and truth values) of any width held in 64 bits.
/// </summary>
public sealed class DenseTensor
{
    private readonly float[]? _singles;
    private readonly long[]? _integers;

    /// <summary>A tensor of binary32 values; the array is used, not copied.</summary>
    /// <exception cref="ArgumentException">The array has not as many values as the shape.</exception>
    public DenseTensor(TensorShape shape, float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        CheckCount(shape, values.Length);
        ElementType = ElementType.Float32;
        Shape = shape;
        _singles = values;
    }

    /// <summary>A tensor of whole numbers; the array is used, not copied.</summary>
    /// <exception cref="ArgumentException">The array has not as many values as the shape, or the type is not a whole number.</exception>
    public DenseTensor(ElementType type, TensorShape shape, long[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        CheckCount(shape, values.Length);
        if (!type.IsInteger()) throw new ArgumentException($"{type.Name()} is not a type of whole numbers.", nameof(type));
        ElementType = type;
        Shape = shape;
        _integers = values;
    }

    /// <summary>Binary32, or a type of whole numbers.</summary>
    public ElementType ElementType { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>The values of a binary32 tensor, row-major.</summary>
    /// <exception cref="InvalidOperationException">It holds whole numbers.</exception>
    public float[] Singles => _singles ?? throw new InvalidOperationException($"The tensor holds {ElementType.Name()}, not float32.");

    /// <summary>The values of a tensor of whole numbers, row-major.</summary>
    /// <exception cref="InvalidOperationException">It holds binary32 values.</exception>
    public long[] Integers => _integers ?? throw new InvalidOperationException("The tensor holds float32, not whole numbers.");

    /// <summary>Whether the engine computes with elements of this type.</summary>
    internal static bool Holds(ElementType type) => type == ElementType.Float32 || (type.IsInteger() && type.BitWidth() >= 8);

    /// <summary>Zeros.</summary>
    internal static DenseTensor Zeros(ElementType type, TensorShape shape)
    {
        int count = CountOf(shape);
        return type == ElementType.Float32 ? new DenseTensor(shape, new float[count]) : new DenseTensor(type, shape, new long[count]);
    }

    /// <summary>Reads a tensor of a model.</summary>
    /// <exception cref="ArgumentException">Elements of this type are not computed with.</exception>
    /// <exception cref="ResourceLimitException">More elements than an array can hold.</exception>
    public static DenseTensor FromTensor(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!Holds(tensor.ElementType)) throw new ArgumentException($"The engine does not compute with {tensor.ElementType.Name()}.", nameof(tensor));
        if (tensor.ElementType == ElementType.Float32) return new DenseTensor(tensor.Shape, tensor.ReadSingles());
        long[] values = new long[CountOf(tensor.Shape)];
        ReadOnlySpan<byte> bytes = tensor.Data.ReadAll().Span;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = tensor.ElementType switch
            {
                ElementType.Int64 or ElementType.UInt64 => BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * 8)..]),
                ElementType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * 4)..]),
                ElementType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * 4)..]),
                ElementType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes[(i * 2)..]),
                ElementType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * 2)..]),
                ElementType.Int8 => (sbyte)bytes[i],
                _ => bytes[i],
            };
        }

        return new DenseTensor(tensor.ElementType, tensor.Shape, values);
    }

    /// <summary>The tensor as a model file holds it: little-endian elements of its type.</summary>
    /// <exception cref="ResourceLimitException">More bytes than an array can hold.</exception>
    public Tensor ToTensor(string name)
    {
        long length = ElementType.ByteLength(Shape.ElementCount);
        if (length > Array.MaxLength) throw new ResourceLimitException($"Tensor '{name}' takes {length:N0} bytes; at most {Array.MaxLength:N0} are supported.");
        byte[] bytes = new byte[length];
        int width = ElementType.BitWidth() / 8;
        for (int i = 0; i < Shape.ElementCount; i++)
        {
            Span<byte> place = bytes.AsSpan(i * width, width);
            if (_singles is not null) BinaryPrimitives.WriteSingleLittleEndian(place, _singles[i]);
            else if (width == 8) BinaryPrimitives.WriteInt64LittleEndian(place, _integers![i]);
            else if (width == 4) BinaryPrimitives.WriteInt32LittleEndian(place, (int)_integers![i]);
            else if (width == 2) BinaryPrimitives.WriteInt16LittleEndian(place, (short)_integers![i]);
            else place[0] = (byte)_integers![i];
        }

        return new Tensor(name, ElementType, Shape, ByteSource.FromMemory(bytes, name));
    }

    /// <summary>Such as <c>float32 3x4</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ElementType.Name()} {Shape}");

    /// <summary>Number of elements as an array length.</summary>
    /// <exception cref="ResourceLimitException">More than an array can hold.</exception>
    internal static int CountOf(TensorShape shape) => shape.ElementCount <= Array.MaxLength
        ? (int)shape.ElementCount
        : throw new ResourceLimitException($"A tensor of {shape} has {shape.ElementCount:N0} elements; at most {Array.MaxLength:N0} are supported, use a smaller batch.");

    private static void CheckCount(TensorShape shape, int count)
    {
        if (shape.ElementCount != count) throw new ArgumentException($"A tensor of {shape} has {shape.ElementCount} elements, the array has {count}.");
    }
}
