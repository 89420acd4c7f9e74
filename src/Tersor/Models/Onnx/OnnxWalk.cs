namespace Tersor.Models.Onnx;

/// <summary>What every pass over a <c>ModelProto</c> shares: the way down into messages and back, how much may be kept, operator sets and metadata.</summary>
/// <param name="source">The file.</param>
/// <param name="maxItems">How many things are kept at most: each costs far more memory than the few bytes that can declare it.</param>
/// <param name="items">What those things are, for the message where there are more.</param>
internal abstract class OnnxWalk(ByteSource source, int maxItems, string items)
{
    private const int MaxNameBytes = 1 << 16;
    private const int MaxMetadataBytes = 1 << 26;

    private int _items;

    protected ByteSource Source { get; } = source;

    protected WireReader Reader { get; } = new(source, 0, source.Length);

    protected List<OnnxOperatorSet> OperatorSets { get; } = [];

    protected Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    protected OnnxMessage Enter(OnnxMessageKind kind, OnnxMessage parent, WireField field, int index)
    {
        WirePayload payload = Reader.ReadPayload(field);
        OnnxMessage message = new(kind, parent, payload, field.Number, index, Reader.Enter(payload));
        Reader.Context = message;
        return message;
    }

    protected void Leave(OnnxMessage message)
    {
        Reader.Leave(message.OuterLimit);
        Reader.Context = message.Parent;
    }

    protected void Keep()
    {
        if (++_items > maxItems) throw new ResourceLimitException($"{Source.Name}: more than {maxItems:N0} {items}; the file is not a usable model.");
    }

    protected void ReadOperatorSet(WireField field)
    {
        long outer = Reader.Enter(Reader.ReadPayload(field));
        string domain = "";
        long version = 0;
        while (Reader.TryReadField(out WireField part))
        {
            if (part is { Number: OnnxFields.OperatorSet.Domain, Type: WireType.LengthDelimited }) domain = Reader.ReadText(part, MaxNameBytes);
            else if (part is { Number: OnnxFields.OperatorSet.Version, Type: WireType.Varint }) version = (long)Reader.ReadVarint();
            else Reader.Skip(part);
        }

        Keep();
        OperatorSets.Add(new OnnxOperatorSet(domain, version));
        Reader.Leave(outer);
    }

    /// <summary>Reads an entry and returns its key.</summary>
    protected string ReadMetadata(WireField field)
    {
        long outer = Reader.Enter(Reader.ReadPayload(field));
        string key = "";
        string value = "";
        while (Reader.TryReadField(out WireField part))
        {
            if (part is { Number: OnnxFields.Entry.Key, Type: WireType.LengthDelimited }) key = Reader.ReadText(part, MaxNameBytes);
            else if (part is { Number: OnnxFields.Entry.Value, Type: WireType.LengthDelimited }) value = Reader.ReadText(part, MaxMetadataBytes);
            else Reader.Skip(part);
        }

        Keep();
        Metadata[key] = value;
        Reader.Leave(outer);
        return key;
    }

    protected OnnxValue ReadValue(WireField field)
    {
        Keep();
        long outer = Reader.Enter(Reader.ReadPayload(field));
        OnnxValue value = OnnxValueScan.Read(Reader);
        Reader.Leave(outer);
        return value;
    }
}
