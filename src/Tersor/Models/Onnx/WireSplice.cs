namespace Tersor.Models.Onnx;

/// <summary>
/// A protobuf message with pieces taken out, put in or exchanged. All else is copied byte for byte; the length prefixes of the enclosing messages follow.
/// Lengths are known before anything is written, and content is streamed, so size does not matter.
/// </summary>
internal sealed class WireSplice(ByteSource original)
{
    private readonly List<Edit> _edits = [];
    private readonly Dictionary<WireMessage, long> _growth = [];
    private byte[] _tail = [];
    private long _length = -1;

    /// <summary>Bytes of the message with all edits; asking for it ends the editing.</summary>
    public long Length
    {
        get
        {
            if (_length < 0) _length = Seal();
            return _length;
        }
    }

    /// <summary>Puts fields behind all others of the outermost message.</summary>
    public void Append(ReadOnlyMemory<byte> fields)
    {
        if (_length >= 0) throw new InvalidOperationException("The splice was measured already.");
        _tail = [.. _tail, .. fields.Span];
    }

    /// <summary>Takes out [<paramref name="start"/>, <paramref name="end"/>), which lies directly in <paramref name="message"/>.</summary>
    public void Remove(WireMessage message, long start, long end) => Replace(message, start, end, [], null, null);

    /// <summary>Exchanges a stretch that lies directly in a message.</summary>
    /// <param name="message">The innermost message around the stretch.</param>
    /// <param name="start">Offset of the first byte that goes.</param>
    /// <param name="end">Offset behind the last byte that goes; the same as <paramref name="start"/> to insert.</param>
    /// <param name="head">Bytes that come instead.</param>
    /// <param name="content">What follows them; null for nothing.</param>
    /// <param name="item">The tensor concerned, for progress.</param>
    public void Replace(WireMessage message, long start, long end, byte[] head, ByteSource? content, string? item)
    {
        if (_length >= 0) throw new InvalidOperationException("The splice was measured already.");
        _edits.Add(new Edit(start, end, _edits.Count, head, content, item));
        _growth[message] = checked(_growth.GetValueOrDefault(message) + head.Length + (content?.Length ?? 0) - (end - start));
    }

    /// <summary>Exchanges the value of a length-delimited field; its tag stays. Null content leaves a value of no bytes.</summary>
    public void ReplacePayload(WireMessage message, WirePayload payload, ByteSource? content, string? item) =>
        Replace(message, payload.PrefixOffset, payload.End, Prefix(payload, content?.Length ?? 0), content, item);

    /// <summary>Writes the message, reading the original and the contents as it goes.</summary>
    /// <param name="destination">Receives the message.</param>
    /// <param name="written">Told each tensor and the bytes written with it; no tensor once all is written.</param>
    /// <param name="cancellationToken">Checked for each part.</param>
    public void WriteTo(Stream destination, Action<string?, long>? written = null, CancellationToken cancellationToken = default)
    {
        long length = Length;
        long at = 0;
        long done = 0;
        foreach (Edit edit in _edits)
        {
            Copy(destination, at, edit.Start, cancellationToken);
            destination.Write(edit.Head);
            edit.Content?.CopyTo(destination, cancellationToken);
            done += edit.Start - at + edit.Head.Length + (edit.Content?.Length ?? 0);
            at = edit.End;
            if (edit.Item is not null) written?.Invoke(edit.Item, done);
        }

        Copy(destination, at, original.Length, cancellationToken);
        destination.Write(_tail);
        done += original.Length - at + _tail.Length;
        written?.Invoke(null, done);
        if (done != length) throw new InvalidOperationException($"Wrote {done} bytes where {length} were computed.");
    }

    private static byte[] Prefix(WirePayload old, long length)
    {
        byte[] prefix = new byte[Varint.PrefixWidth(old.PrefixWidth, old.Length, length)];
        Varint.Write(prefix, (ulong)length, prefix.Length);
        return prefix;
    }

    private void Copy(Stream destination, long start, long end, CancellationToken cancellationToken)
    {
        if (end > start) original.Slice(start, end - start).CopyTo(destination, cancellationToken);
    }

    private long Seal()
    {
        // Inner messages start behind the outer ones, so each length is final before the enclosing one is computed.
        PriorityQueue<WireMessage, long> changed = new();
        foreach (WireMessage message in _growth.Keys) changed.Enqueue(message, -message.Payload.Start);
        long total = original.Length + _tail.Length;
        while (changed.TryDequeue(out WireMessage? message, out _))
        {
            long growth = _growth[message];
            if (message.Parent is null)
            {
                total = checked(total + growth);
                continue;
            }

            if (growth == 0) continue;
            WirePayload payload = message.Payload;
            byte[] prefix = Prefix(payload, checked(payload.Length + growth));
            _edits.Add(new Edit(payload.PrefixOffset, payload.Start, _edits.Count, prefix, null, null));
            growth = checked(growth + prefix.Length - payload.PrefixWidth);
            if (!_growth.TryGetValue(message.Parent, out long parentGrowth)) changed.Enqueue(message.Parent, -message.Parent.Payload.Start);
            _growth[message.Parent] = checked(parentGrowth + growth);
        }

        _edits.Sort(InFileOrder);
        return total;
    }

    private static int InFileOrder(Edit left, Edit right)
    {
        int order = left.Start.CompareTo(right.Start);
        if (order == 0) order = left.End.CompareTo(right.End);
        return order == 0 ? left.Order.CompareTo(right.Order) : order;
    }

    private readonly record struct Edit(long Start, long End, int Order, byte[] Head, ByteSource? Content, string? Item);
}
