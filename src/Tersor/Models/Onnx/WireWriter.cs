using System.Buffers;
using System.Text;

namespace Tersor.Models.Onnx;

/// <summary>Appends protobuf fields to a message in memory; for the small messages that are made anew.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public WireWriter Number(int field, long value)
    {
        AppendVarint((ulong)field << 3);
        AppendVarint((ulong)value);
        return this;
    }

    public WireWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public WireWriter Message(int field, WireWriter message) => Bytes(field, message._bytes.WrittenSpan);

    public WireWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        _bytes.Write(Varint.FieldHead(field, value.Length));
        _bytes.Write(value);
        return this;
    }

    /// <summary>The fields of another message behind those of this one.</summary>
    public void Append(WireWriter fields) => _bytes.Write(fields._bytes.WrittenSpan);

    private void AppendVarint(ulong value)
    {
        int width = Varint.Width(value);
        Varint.Write(_bytes.GetSpan(width), value, width);
        _bytes.Advance(width);
    }
}
