using System.Buffers.Binary;

namespace Tersor.Models.Onnx;

/// <summary>
/// The typed data fields of <c>TensorProto</c>, which exist beside <c>raw_data</c>: which element types each may hold, and how their elements become
/// packed little-endian bytes and back.
/// </summary>
internal static class OnnxTypedData
{
    /// <summary>Whether onnx.proto lets <paramref name="encoding"/> hold elements of <paramref name="type"/>.</summary>
    public static bool Allows(OnnxEncoding encoding, ElementType type) => encoding switch
    {
        OnnxEncoding.Float => type is ElementType.Float32 or ElementType.Complex64,
        OnnxEncoding.Double => type is ElementType.Float64 or ElementType.Complex128,
        OnnxEncoding.Int64 => type is ElementType.Int64,
        OnnxEncoding.UInt64 => type is ElementType.UInt64 or ElementType.UInt32,
        OnnxEncoding.Int32 => type.BitWidth() is > 0 and <= 16 || type is ElementType.Int32,
        _ => type.BitWidth() > 0,
    };

    /// <summary>Whether the field stores varints rather than values of fixed width.</summary>
    public static bool IsVarint(OnnxEncoding encoding) => encoding is OnnxEncoding.Int32 or OnnxEncoding.Int64 or OnnxEncoding.UInt64;

    /// <summary>Bytes of packed data that one entry of the field stands for: an element, half a complex number, or a byte of narrow elements.</summary>
    public static int EntryBytes(OnnxEncoding encoding, ElementType type) => encoding switch
    {
        OnnxEncoding.Float => 4,
        OnnxEncoding.Double => 8,
        _ => Math.Max(1, type.BitWidth() / 8),
    };

    /// <summary>Writes the packed bytes of a varint entry; what does not fit is cut off, as the runtimes do.</summary>
    public static void Narrow(ulong entry, Span<byte> packed)
    {
        switch (packed.Length)
        {
            case 1:
                packed[0] = (byte)entry;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(packed, (ushort)entry);
                break;
            case 4:
                BinaryPrimitives.WriteUInt32LittleEndian(packed, (uint)entry);
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(packed, entry);
                break;
        }
    }

    /// <summary>Whether all varints from <paramref name="smallest"/> to <paramref name="largest"/>, seen as signed, survive <see cref="Narrow"/> and <see cref="Expand"/>.</summary>
    public static bool HoldsRange(ElementType type, long smallest, long largest)
    {
        int bits = Math.Max(8, type.BitWidth());
        if (bits == 64) return true;
        long limit = 1L << (IsSigned(type) ? bits - 1 : bits);
        return largest < limit && smallest >= (IsSigned(type) ? -limit : 0);
    }

    /// <summary>The varint that stands for an entry's packed bytes: signed types extend their sign to 64 bits, as protobuf does.</summary>
    public static ulong Expand(ElementType type, ReadOnlySpan<byte> packed)
    {
        bool signed = IsSigned(type);
        return packed.Length switch
        {
            1 => signed ? (ulong)(sbyte)packed[0] : packed[0],
            2 => signed ? (ulong)BinaryPrimitives.ReadInt16LittleEndian(packed) : BinaryPrimitives.ReadUInt16LittleEndian(packed),
            4 => signed ? (ulong)BinaryPrimitives.ReadInt32LittleEndian(packed) : BinaryPrimitives.ReadUInt32LittleEndian(packed),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(packed),
        };
    }

    /// <summary>Reads all entries of a typed field, however it is split or packed, as packed little-endian elements.</summary>
    public static byte[] Decode(ByteSource source, OnnxTensorRecord record)
    {
        OnnxEncoding encoding = record.Encoding;
        int width = EntryBytes(encoding, record.ElementType);
        long length = record.ElementType.ByteLength(record.Shape.ElementCount);
        if (length > Array.MaxLength)
        {
            throw new ResourceLimitException(
                $"{source.Name}: tensor '{record.Name}' takes {length:N0} bytes in a typed field, more than an array holds; re-export it with raw_data.");
        }

        byte[] packed = new byte[(int)length];
        int done = 0;
        int fieldNumber = FieldNumber(encoding);
        WireReader reader = new(source, record.Message.Payload.Start, record.Message.Payload.Length) { Context = record.Message };
        while (reader.TryReadField(out WireField field))
        {
            if (field.Number != fieldNumber)
            {
                reader.Skip(field);
                continue;
            }

            if (field.Type != WireType.LengthDelimited)
            {
                if (!IsEntry(encoding, field.Type)) reader.Skip(field);
                else ReadEntry(field.Start);
                continue;
            }

            long outer = reader.Enter(reader.ReadPayload(field));
            while (reader.Position < reader.Limit) ReadEntry(reader.Position);
            reader.Leave(outer);
        }

        if (done != packed.Length) throw reader.Malformed(reader.Position, "the file changed while it was read");
        return packed;

        void ReadEntry(long start)
        {
            if (packed.Length - done < width) throw reader.Malformed(start, "the file changed while it was read");
            Span<byte> entry = packed.AsSpan(done, width);
            if (IsVarint(encoding)) Narrow(reader.ReadVarint(), entry);
            else reader.ReadFixed(entry);
            done += width;
        }
    }

    /// <summary>Whether an unpacked entry of the field is stored this way.</summary>
    public static bool IsEntry(OnnxEncoding encoding, WireType type) => type == encoding switch
    {
        OnnxEncoding.Float => WireType.Fixed32,
        OnnxEncoding.Double => WireType.Fixed64,
        _ => WireType.Varint,
    };

    /// <summary>The typed field of that number, or <see cref="OnnxEncoding.None"/>.</summary>
    public static OnnxEncoding OfField(int fieldNumber) => fieldNumber switch
    {
        OnnxFields.Tensor.FloatData => OnnxEncoding.Float,
        OnnxFields.Tensor.Int32Data => OnnxEncoding.Int32,
        OnnxFields.Tensor.Int64Data => OnnxEncoding.Int64,
        OnnxFields.Tensor.DoubleData => OnnxEncoding.Double,
        OnnxFields.Tensor.UInt64Data => OnnxEncoding.UInt64,
        OnnxFields.Tensor.RawData => OnnxEncoding.Raw,
        _ => OnnxEncoding.None,
    };

    private static bool IsSigned(ElementType type) => type is ElementType.Int8 or ElementType.Int16 or ElementType.Int32;

    private static int FieldNumber(OnnxEncoding encoding) => encoding switch
    {
        OnnxEncoding.Float => OnnxFields.Tensor.FloatData,
        OnnxEncoding.Int32 => OnnxFields.Tensor.Int32Data,
        OnnxEncoding.Int64 => OnnxFields.Tensor.Int64Data,
        OnnxEncoding.Double => OnnxFields.Tensor.DoubleData,
        _ => OnnxFields.Tensor.UInt64Data,
    };
}
