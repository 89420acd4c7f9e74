namespace Tersor.Models.Onnx;

/// <summary>Tells by its first bytes whether a file may be a <c>ModelProto</c>. ONNX has no signature, so the fields themselves must make sense.</summary>
internal static class OnnxStart
{
    private const int MostIrVersions = 1000;

    public static bool IsPlausible(ReadOnlySpan<byte> start, long fileLength)
    {
        int at = 0;
        int fields = 0;
        while (at < start.Length)
        {
            if (!TryReadVarint(start, ref at, out ulong tag)) return fields > 0 && at == start.Length && fileLength > start.Length;
            bool isVarint = (tag & 7) == (int)WireType.Varint;
            if (!isVarint && (tag & 7) != (int)WireType.LengthDelimited) return false;
            if (tag >> 3 > int.MaxValue || !IsField((int)(tag >> 3), isVarint)) return false;
            fields++;
            if (!TryReadVarint(start, ref at, out ulong value)) return fields > 1 && fileLength > start.Length;
            if (isVarint)
            {
                if (tag >> 3 == OnnxFields.Model.IrVersion && value is 0 or > MostIrVersions) return false;
                continue;
            }

            if (value > (ulong)(fileLength - at)) return false;
            if (tag >> 3 == OnnxFields.Model.Graph) return IsGraphStart(start[at..], (long)value);
            if (value > (ulong)(start.Length - at)) return fields > 1;
            at += (int)value;
        }

        return fields > 1;
    }

    private static bool IsField(int number, bool isVarint) => number switch
    {
        OnnxFields.Model.IrVersion or OnnxFields.Model.ModelVersion => isVarint,
        OnnxFields.Model.ProducerName or OnnxFields.Model.ProducerVersion or OnnxFields.Model.Domain or OnnxFields.Model.DocString => !isVarint,
        OnnxFields.Model.Graph or OnnxFields.Model.OpsetImport or OnnxFields.Model.MetadataProps => !isVarint,
        OnnxFields.Model.TrainingInfo or OnnxFields.Model.Functions or OnnxFields.Model.Configuration => !isVarint,
        _ => false,
    };

    private static bool IsGraphStart(ReadOnlySpan<byte> graph, long length)
    {
        int at = 0;
        if (length == 0 || !TryReadVarint(graph, ref at, out ulong tag)) return length == 0 || graph.IsEmpty;
        if ((tag & 7) != (int)WireType.LengthDelimited) return false;
        if ((int)(tag >> 3) is not (OnnxFields.Graph.Node or OnnxFields.Graph.Name or OnnxFields.Graph.Initializer or OnnxFields.Graph.DocString
            or OnnxFields.Graph.Input or OnnxFields.Graph.Output or OnnxFields.Graph.ValueInfo or OnnxFields.Graph.QuantizationAnnotation
            or OnnxFields.Graph.SparseInitializer or OnnxFields.Graph.MetadataProps))
        {
            return false;
        }

        return !TryReadVarint(graph, ref at, out ulong size) || size <= (ulong)length;
    }

    private static bool TryReadVarint(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return true;
        }

        return false;
    }
}
