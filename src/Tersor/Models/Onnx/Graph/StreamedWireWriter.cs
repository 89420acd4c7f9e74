using System.Buffers.Binary;
using System.Text;

namespace Tersor.Models.Onnx;

/// <summary>
/// A protobuf message in the making: pieces of bytes with the contents of tensors between them, which are read only when the whole is written. Lengths are
/// known at any time.
/// </summary>
internal sealed class StreamedWireWriter
{
    private readonly List<ByteSource> _pieces = [];

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    public StreamedWireWriter Number(int field, long value)
    {
        byte[] bytes = new byte[Varint.Width(Tag(field, WireType.Varint)) + Varint.Width((ulong)value)];
        int tagWidth = Varint.Width(Tag(field, WireType.Varint));
        Varint.Write(bytes, Tag(field, WireType.Varint), tagWidth);
        Varint.Write(bytes.AsSpan(tagWidth), (ulong)value, bytes.Length - tagWidth);
        return Append(bytes);
    }

    public StreamedWireWriter Single(int field, float value)
    {
        int tagWidth = Varint.Width(Tag(field, WireType.Fixed32));
        byte[] bytes = new byte[tagWidth + 4];
        Varint.Write(bytes, Tag(field, WireType.Fixed32), tagWidth);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(tagWidth), value);
        return Append(bytes);
    }

    public StreamedWireWriter Text(int field, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        return Append(Varint.FieldHead(field, bytes.Length)).Append(bytes);
    }

    public StreamedWireWriter Message(int field, StreamedWireWriter message)
    {
        Append(Varint.FieldHead(field, message.Length));
        _pieces.AddRange(message._pieces);
        Length += message.Length;
        return this;
    }

    public StreamedWireWriter Content(int field, ByteSource content)
    {
        Append(Varint.FieldHead(field, content.Length));
        _pieces.Add(content);
        Length = checked(Length + content.Length);
        return this;
    }

    public void WriteTo(Stream destination)
    {
        foreach (ByteSource piece in _pieces) piece.CopyTo(destination);
    }

    private static ulong Tag(int field, WireType type) => ((ulong)field << 3) | (ulong)type;

    private StreamedWireWriter Append(byte[] bytes)
    {
        _pieces.Add(ByteSource.FromMemory(bytes));
        Length += bytes.Length;
        return this;
    }
}
