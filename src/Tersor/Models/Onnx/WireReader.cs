using System.Text;

namespace Tersor.Models.Onnx;

/// <summary>How a protobuf field's value is stored.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    LengthDelimited = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}

/// <summary>A field's number, how its value is stored, and where its tag starts.</summary>
internal readonly record struct WireField(int Number, WireType Type, long Start);

/// <summary>Where a length-delimited value lies: its length prefix and its bytes.</summary>
internal readonly record struct WirePayload(long FieldStart, long PrefixOffset, int PrefixWidth, long Start, long Length)
{
    public long End => Start + Length;
}

/// <summary>
/// Reads protobuf from a <see cref="ByteSource"/> front to back, with 64-bit positions, through one small buffer: what is skipped is never read.
/// Every length is checked against the enclosing message.
/// </summary>
internal sealed class WireReader
{
    /// <summary>Messages and groups within each other; the protobuf libraries allow as many.</summary>
    public const int MaxDepth = 100;

    private const int SmallestRead = 1 << 9;
    private const int LargestRead = 1 << 16;

    private readonly ByteSource _source;
    private byte[] _buffer;
    private long _bufferStart;
    private int _bufferLength;
    private int _readSize = SmallestRead;
    private int _depth;

    public WireReader(ByteSource source, long start, long length)
    {
        _source = source;
        _buffer = [];
        Position = start;
        Limit = start + length;
    }

    /// <summary>Offset of the next byte in the source.</summary>
    public long Position { get; private set; }

    /// <summary>Where the message being read ends.</summary>
    public long Limit { get; private set; }

    /// <summary>What errors name as the thing being read; its text is made only for an error.</summary>
    public object? Context { get; set; }

    /// <summary>The next field of this message; false at its end.</summary>
    public bool TryReadField(out WireField field)
    {
        field = default;
        if (Position == Limit) return false;
        long start = Position;
        ulong tag = ReadVarint();
        ulong number = tag >> 3;
        int type = (int)(tag & 7);
        if (number is 0 or > (1 << 29) - 1 || type > (int)WireType.Fixed32)
            throw Malformed(start, $"{tag} is not the tag of a protobuf field; the file is damaged or not ONNX");
        field = new WireField((int)number, (WireType)type, start);
        return true;
    }

    /// <summary>A base-128 number of up to 64 bits.</summary>
    public ulong ReadVarint()
    {
        long start = Position;
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = ReadByte();
            if (shift == 63 && next > 1) throw Malformed(start, "a number takes more than 64 bits; the file is damaged");
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }

    /// <summary>The four bytes of a <see cref="WireType.Fixed32"/> or eight of a <see cref="WireType.Fixed64"/>.</summary>
    public void ReadFixed(Span<byte> destination)
    {
        if (destination.Length > Limit - Position) throw Truncated(destination.Length);
        for (int i = 0; i < destination.Length; i++) destination[i] = ReadByte();
    }

    /// <summary>The length prefix of a length-delimited field, checked against the enclosing message; the position is then at the first byte of the value.</summary>
    public WirePayload ReadPayload(WireField field)
    {
        long prefix = Position;
        ulong length = ReadVarint();
        if (length > (ulong)(Limit - Position))
        {
            throw Malformed(
                prefix, $"a field of {length} bytes does not fit the {Limit - Position} bytes left in its message; the file is truncated or damaged, fetch it again");
        }

        return new WirePayload(field.Start, prefix, (int)(Position - prefix), Position, (long)length);
    }

    /// <summary>Text of at most <paramref name="maxBytes"/> bytes; bytes that are not UTF-8 become U+FFFD.</summary>
    public string ReadText(WireField field, int maxBytes)
    {
        WirePayload payload = ReadPayload(field);
        if (payload.Length > maxBytes)
            throw Malformed(payload.Start, $"a name of {payload.Length:N0} bytes; at most {maxBytes:N0} are read");
        if (payload.Length == 0) return "";
        byte[] bytes = new byte[(int)payload.Length];
        for (int done = 0; done < bytes.Length;)
        {
            ReadOnlySpan<byte> ready = Ready();
            int count = Math.Min(ready.Length, bytes.Length - done);
            ready[..count].CopyTo(bytes.AsSpan(done));
            Position += count;
            done += count;
        }

        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Narrows reading to a message within this one; <see cref="Leave"/> takes back what this returns.</summary>
    public long Enter(WirePayload payload)
    {
        if (++_depth > MaxDepth) throw Malformed(payload.FieldStart, $"messages nest more than {MaxDepth} deep; protobuf readers refuse that");
        long outer = Limit;
        Limit = payload.End;
        return outer;
    }

    /// <summary>Returns to the enclosing message, behind the one left.</summary>
    public void Leave(long outerLimit)
    {
        _depth--;
        Position = Limit;
        Limit = outerLimit;
    }

    /// <summary>Jumps to <paramref name="position"/>, which lies within this message.</summary>
    public void JumpTo(long position) => Position = position;

    /// <summary>Passes over a field's value, whatever it is.</summary>
    public void Skip(WireField field)
    {
        switch (field.Type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                SkipBytes(8);
                break;
            case WireType.LengthDelimited:
                Position = ReadPayload(field).End;
                break;
            case WireType.Fixed32:
                SkipBytes(4);
                break;
            case WireType.StartGroup:
                SkipGroup(field);
                break;
            default:
                throw Malformed(field.Start, $"the end of group {field.Number}, which did not start; the file is damaged");
        }
    }

    public ModelFormatException Malformed(long offset, string problem) =>
        new(_source.Name, Context?.ToString(), offset, problem);

    private void SkipGroup(WireField group)
    {
        Span<int> open = stackalloc int[MaxDepth + 1];
        int depth = 0;
        open[depth++] = group.Number;
        while (depth > 0)
        {
            if (!TryReadField(out WireField field))
                throw Malformed(group.Start, $"group {group.Number} does not end within its message; the file is damaged");
            if (field.Type == WireType.StartGroup)
            {
                if (_depth + depth >= MaxDepth) throw Malformed(field.Start, $"groups nest more than {MaxDepth} deep; protobuf readers refuse that");
                open[depth++] = field.Number;
            }
            else if (field.Type == WireType.EndGroup)
            {
                if (field.Number != open[--depth])
                    throw Malformed(field.Start, $"the end of group {field.Number} within group {open[depth]}; the file is damaged");
            }
            else
            {
                Skip(field);
            }
        }
    }

    private void SkipBytes(int count)
    {
        if (count > Limit - Position) throw Truncated(count);
        Position += count;
    }

    private ModelFormatException Truncated(int count) =>
        Malformed(Position, $"wanted {count} bytes, the message ends at byte {Limit}; the file is truncated or damaged, fetch it again");

    private byte ReadByte()
    {
        long index = Position - _bufferStart;
        if (Position < Limit && index >= 0 && index < _bufferLength)
        {
            Position++;
            return _buffer[index];
        }

        byte next = Ready()[0];
        Position++;
        return next;
    }

    /// <summary>At least one byte from the position on, within the message.</summary>
    private ReadOnlySpan<byte> Ready()
    {
        if (Position >= Limit) throw Truncated(1);
        long index = Position - _bufferStart;
        if (index < 0 || index >= _bufferLength) index = Fill(index == _bufferLength);
        return _buffer.AsSpan((int)index, (int)Math.Min(_bufferLength - index, Limit - Position));
    }

    /// <summary>Reads on; small after a jump over weights, so that looking at headers stays cheap, and larger in sequence.</summary>
    private int Fill(bool inSequence)
    {
        _readSize = inSequence ? Math.Min(LargestRead, _readSize * 2) : SmallestRead;
        int count = (int)Math.Min(_readSize, _source.Length - Position);
        if (_buffer.Length < count) _buffer = GC.AllocateUninitializedArray<byte>(count);
        _bufferStart = Position;
        _bufferLength = 0;
        _source.Read(Position, _buffer.AsSpan(0, count));
        _bufferLength = count;
        return 0;
    }
}
