using System.Globalization;

namespace Tersor.Models.Onnx;

/// <summary>The ways in which a <c>TensorProto</c>'s elements move: out of the message, into it, or to a file beside it.</summary>
internal static class OnnxTensorEdits
{
    // TensorProto.DataLocation.EXTERNAL
    private const int IsExternal = 1;

    /// <summary>Whether the elements can be taken out so that putting them back restores every byte.</summary>
    public static bool CanDetach(OnnxTensorRecord record)
    {
        if (record.Shape.ElementCount == 0) return false;
        return !record.IsInline || record.External is not null || (record.Data is not null && record.IsCanonical);
    }

    /// <summary>Takes the elements out; their field stays, with nothing in it, so that they come back to the same place.</summary>
    public static void Detach(WireSplice splice, OnnxTensorRecord record)
    {
        if (!record.IsInline) return;
        if (record.External is not null) splice.Remove(record.Message, record.Data!.Value.FieldStart, record.Data.Value.End);
        else splice.ReplacePayload(record.Message, record.Data!.Value, null, null);
    }

    /// <summary>Puts the elements into the message and drops what it says about another file.</summary>
    public static void Inline(WireSplice splice, OnnxTensorRecord record, ByteSource data)
    {
        if (record.External is not null)
        {
            DropLocation(splice, record, []);
            if (!record.IsInline) Append(splice, record, data);
        }
        else if (record.IsPlaceholder && record.Data is { } place && record.IsCanonical)
        {
            ByteSource content = OnnxTypedData.IsVarint(record.Encoding) ? new PackedVarintSource(data, record.Encoding, record.ElementType) : data;
            splice.ReplacePayload(record.Message, place, content, record.Name);
        }
        else if (record.IsPlaceholder)
        {
            Append(splice, record, data);
        }
    }

    /// <summary>Puts the elements into the message behind all else, and leaves what it says about another file, to be found again.</summary>
    public static void Embed(WireSplice splice, OnnxTensorRecord record, ByteSource data)
    {
        if (record.External is not null && !record.IsInline && data.Length > 0) Append(splice, record, data);
        else if (record.External is null) Inline(splice, record, data);
    }

    /// <summary>Whether the elements can go to a file beside the model, or are there.</summary>
    public static bool CanMoveOutside(OnnxTensorRecord record) =>
        record.External is not null || record.Data is not null || !record.IsInline;

    /// <summary>Drops the elements from the message and says where they are instead.</summary>
    public static void MoveOutside(WireSplice splice, OnnxTensorRecord record, string location, long offset)
    {
        byte[] entries = LocationEntries(location, offset, record.ElementType.ByteLength(record.Shape.ElementCount));
        if (record.External is { } external)
        {
            // Only what was embedded for a topology goes where the place stays the same: the file says all already, in its own words.
            if (record.IsInline) splice.Remove(record.Message, record.Data!.Value.FieldStart, record.Data.Value.End);
            if (external.Location != location || external.Offset != offset) DropLocation(splice, record, entries);
            return;
        }

        DropLocation(splice, record, []);
        long end = record.Message.Payload.End;
        splice.Replace(record.Message, record.Data?.FieldStart ?? end, record.Data?.End ?? end, entries, null, null);
    }

    private static byte[] LocationEntries(string location, long offset, long length)
    {
        WireWriter fields = new();
        Add("location", location);
        Add("offset", offset.ToString(CultureInfo.InvariantCulture));
        Add("length", length.ToString(CultureInfo.InvariantCulture));
        return fields.Number(OnnxFields.Tensor.DataLocation, IsExternal).Written.ToArray();

        void Add(string key, string value) =>
            fields.Message(OnnxFields.Tensor.ExternalData, new WireWriter().Text(OnnxFields.Entry.Key, key).Text(OnnxFields.Entry.Value, value));
    }

    /// <summary>At the end, where it counts even if an empty field of the same kind stands before it.</summary>
    private static void Append(WireSplice splice, OnnxTensorRecord record, ByteSource data)
    {
        long end = record.Message.Payload.End;
        splice.Replace(record.Message, end, end, Varint.FieldHead(OnnxFields.Tensor.RawData, data.Length), data, record.Name);
    }

    private static void DropLocation(WireSplice splice, OnnxTensorRecord record, byte[] replacement)
    {
        foreach ((long start, long end) in record.LocationFields)
        {
            splice.Replace(record.Message, start, end, replacement, null, null);
            replacement = [];
        }
    }
}
