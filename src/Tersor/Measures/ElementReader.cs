using System.Buffers.Binary;
using Tersor.Models;

namespace Tersor.Measures;

/// <summary>
/// Reads a tensor from its first element to its last in blocks, as binary64, so that measuring takes little memory however large the tensor is.
/// A complex element gives two values. 64-bit integers beyond 2^53 round to nearest.
/// </summary>
internal sealed class ElementReader
{
    /// <summary>Values of a full block.</summary>
    public const int BlockLength = 1 << 14;

    private readonly Tensor _tensor;
    private readonly ElementType _valueType;
    private readonly ReadOnlyMemory<byte>? _memory;
    private readonly byte[] _bytes = [];
    private readonly double[] _values;
    private readonly int _valueBits;
    private long _done;

    /// <summary>Starts at the first element.</summary>
    /// <param name="tensor">What is read.</param>
    /// <param name="cancellationToken">Looked at where the data is made before the first block.</param>
    /// <exception cref="ArgumentException">The elements are text or of no known type.</exception>
    public ElementReader(Tensor tensor, CancellationToken cancellationToken)
    {
        if (!tensor.ElementType.IsNumeric())
            throw new ArgumentException($"Tensor '{tensor.Name}': {tensor.ElementType.Name()} is not numeric.", nameof(tensor));
        _tensor = tensor;
        bool isComplex = tensor.ElementType is ElementType.Complex64 or ElementType.Complex128;
        _valueType = tensor.ElementType switch
        {
            ElementType.Complex64 => ElementType.Float32,
            ElementType.Complex128 => ElementType.Float64,
            _ => tensor.ElementType,
        };
        _valueBits = _valueType.BitWidth();
        ValueCount = isComplex ? checked(tensor.ElementCount * 2) : tensor.ElementCount;
        int blockLength = (int)Math.Min(BlockLength, ValueCount);
        _values = new double[blockLength];
        if (!tensor.Data.ReadsInParts || tensor.Data.TryGetMemory(out _)) _memory = tensor.Data.ReadAll(cancellationToken);
        else _bytes = new byte[_valueType.ByteLength(blockLength)];
    }

    /// <summary>Numbers in the tensor: its elements, or twice as many where they are complex.</summary>
    public long ValueCount { get; }

    /// <summary>The next block and its bytes in the file; false at the end. Both are valid until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<double> values, out ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min(BlockLength, ValueCount - _done);
        if (count == 0)
        {
            values = default;
            bytes = default;
            return false;
        }

        // A full block fills whole bytes whatever the width, so every block starts at a byte.
        long offset = _done * _valueBits / 8;
        int length = (int)_valueType.ByteLength(count);
        if (_memory is ReadOnlyMemory<byte> memory)
        {
            bytes = memory.Span.Slice((int)offset, length);
        }
        else
        {
            _tensor.Data.Read(offset, _bytes.AsSpan(0, length));
            bytes = _bytes.AsSpan(0, length);
        }

        Span<double> block = _values.AsSpan(0, count);
        Decode(bytes, block);
        values = block;
        _done += count;
        return true;
    }

    private void Decode(ReadOnlySpan<byte> bytes, Span<double> values)
    {
        switch (_valueType)
        {
            case ElementType.Float32:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * 4)..]);
                break;
            case ElementType.Float64:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * 8)..]);
                break;
            case ElementType.Float16:
                for (int i = 0; i < values.Length; i++) values[i] = (double)BinaryPrimitives.ReadHalfLittleEndian(bytes[(i * 2)..]);
                break;
            case ElementType.BFloat16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * 2)..]) << 16);
                break;
            case ElementType.Int64:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * 8)..]);
                break;
            case ElementType.UInt64:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * 8)..]);
                break;
            case ElementType.Int32:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * 4)..]);
                break;
            case ElementType.UInt32:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * 4)..]);
                break;
            case ElementType.Int16:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(i * 2)..]);
                break;
            case ElementType.UInt16:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * 2)..]);
                break;
            case ElementType.Int8:
                for (int i = 0; i < values.Length; i++) values[i] = (sbyte)bytes[i];
                break;
            case ElementType.UInt8 or ElementType.Bool:
                for (int i = 0; i < values.Length; i++) values[i] = bytes[i];
                break;
            case ElementType.UInt4 or ElementType.Int4 or ElementType.UInt2 or ElementType.Int2:
                DecodePackedIntegers(bytes, values);
                break;
            case ElementType.Float4E2M1:
                for (int i = 0; i < values.Length; i++) values[i] = NarrowFloat.ValuesOf(_valueType)[Code(bytes, i)];
                break;
            default:
                ReadOnlySpan<double> table = NarrowFloat.ValuesOf(_valueType);
                for (int i = 0; i < values.Length; i++) values[i] = table[bytes[i]];
                break;
        }
    }

    private void DecodePackedIntegers(ReadOnlySpan<byte> bytes, Span<double> values)
    {
        bool isSigned = _valueType is ElementType.Int4 or ElementType.Int2;
        int half = 1 << (_valueBits - 1);
        for (int i = 0; i < values.Length; i++)
        {
            int code = Code(bytes, i);
            values[i] = isSigned && code >= half ? code - (2 * half) : code;
        }
    }

    // Elements narrower than a byte are packed from the low bits up.
    private int Code(ReadOnlySpan<byte> bytes, int index)
    {
        int bit = index * _valueBits;
        return (bytes[bit >> 3] >> (bit & 7)) & ((1 << _valueBits) - 1);
    }
}
