using System.Globalization;

namespace Tersor.Models.Onnx;

/// <summary>Reads a <c>ValueInfoProto</c>: name, kind of type, and shape of a tensor.</summary>
internal static class OnnxValueScan
{
    private const int MaxTextBytes = 1 << 16;
    // More are read over; no array has as many.
    private const int MaxRank = 64;

    /// <summary>Reads the message that <paramref name="reader"/> has entered.</summary>
    public static OnnxValue Read(WireReader reader)
    {
        string name = "";
        string type = "unknown";
        IReadOnlyList<string>? dimensions = null;
        while (reader.TryReadField(out WireField field))
        {
            if (field is { Number: OnnxFields.ValueInfo.Name, Type: WireType.LengthDelimited })
            {
                name = reader.ReadText(field, MaxTextBytes);
            }
            else if (field is { Number: OnnxFields.ValueInfo.Type, Type: WireType.LengthDelimited })
            {
                long outer = reader.Enter(reader.ReadPayload(field));
                (type, dimensions) = ReadType(reader);
                reader.Leave(outer);
            }
            else
            {
                reader.Skip(field);
            }
        }

        return new OnnxValue(name, type, dimensions);
    }

    private static (string Type, IReadOnlyList<string>? Dimensions) ReadType(WireReader reader)
    {
        string type = "unknown";
        IReadOnlyList<string>? dimensions = null;
        while (reader.TryReadField(out WireField field))
        {
            if (field is { Number: OnnxFields.Type.Tensor or OnnxFields.Type.SparseTensor, Type: WireType.LengthDelimited })
            {
                long outer = reader.Enter(reader.ReadPayload(field));
                (type, dimensions) = ReadTensorType(reader);
                if (field.Number == OnnxFields.Type.SparseTensor) type = "sparse " + type;
                reader.Leave(outer);
                continue;
            }

            type = field.Number switch
            {
                OnnxFields.Type.Sequence => "sequence",
                OnnxFields.Type.Map => "map",
                OnnxFields.Type.Optional => "optional",
                _ => type,
            };
            reader.Skip(field);
        }

        return (type, dimensions);
    }

    private static (string Type, IReadOnlyList<string>? Dimensions) ReadTensorType(WireReader reader)
    {
        string type = "unknown";
        List<string>? dimensions = null;
        while (reader.TryReadField(out WireField field))
        {
            if (field is { Number: OnnxFields.TensorType.ElementType, Type: WireType.Varint })
            {
                type = ((ElementType)(int)reader.ReadVarint()).Name();
            }
            else if (field is { Number: OnnxFields.TensorType.Shape, Type: WireType.LengthDelimited })
            {
                long outer = reader.Enter(reader.ReadPayload(field));
                dimensions = ReadShape(reader);
                reader.Leave(outer);
            }
            else
            {
                reader.Skip(field);
            }
        }

        return (type, dimensions);
    }

    private static List<string> ReadShape(WireReader reader)
    {
        List<string> dimensions = [];
        while (reader.TryReadField(out WireField field))
        {
            if (field is not { Number: OnnxFields.Shape.Dimension, Type: WireType.LengthDelimited })
            {
                reader.Skip(field);
                continue;
            }

            long outer = reader.Enter(reader.ReadPayload(field));
            string dimension = "?";
            while (reader.TryReadField(out WireField part))
            {
                if (part is { Number: OnnxFields.Dimension.Value, Type: WireType.Varint })
                    dimension = ((long)reader.ReadVarint()).ToString(CultureInfo.InvariantCulture);
                else if (part is { Number: OnnxFields.Dimension.Parameter, Type: WireType.LengthDelimited })
                    dimension = reader.ReadText(part, MaxTextBytes);
                else
                    reader.Skip(part);
            }

            if (dimensions.Count < MaxRank) dimensions.Add(dimension);
            reader.Leave(outer);
        }

        return dimensions;
    }
}
