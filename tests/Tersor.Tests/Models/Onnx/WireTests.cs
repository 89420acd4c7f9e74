using Google.Protobuf;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Tests.Models.Onnx;

/// <summary>The protobuf wire format, against the library of its makers.</summary>
public class WireTests
{
    [Theory]
    [InlineData(0ul, 1)]
    [InlineData(127ul, 1)]
    [InlineData(128ul, 2)]
    [InlineData(16_383ul, 2)]
    [InlineData(16_384ul, 3)]
    [InlineData(ulong.MaxValue >> 1, 9)]
    [InlineData(ulong.MaxValue, 10)]
    public void Varint_Widths_AreThoseOfTheLibrary(ulong value, int width)
    {
        byte[] bytes = new byte[width];
        Varint.Write(bytes, value, width);

        Assert.Equal(width, Varint.Width(value));
        Assert.Equal(width, CodedOutputStream.ComputeUInt64Size(value));
        Assert.Equal(value, new CodedInputStream(bytes).ReadUInt64());
    }

    [Fact]
    public void Varint_Padded_MeansTheSame()
    {
        byte[] bytes = new byte[5];
        Varint.Write(bytes, 300, 5);

        Assert.Equal([0xAC, 0x82, 0x80, 0x80, 0x00], bytes);
        Assert.Equal(300ul, new CodedInputStream(bytes).ReadUInt64());
    }

    [Fact]
    public void WireReader_RandomNumbers_ReadsWhatTheLibraryWrote()
    {
        Seeded random = new(5);
        ulong[] values = [.. Enumerable.Range(0, 30_000).Select(i => random.NextUInt64() >> (i % 64))];
        using MemoryStream stream = new();
        CodedOutputStream output = new(stream);
        foreach (ulong value in values)
        {
            output.WriteTag(7, WireFormat.WireType.Varint);
            output.WriteUInt64(value);
        }

        output.Flush();
        WireReader reader = new(ByteSource.FromMemory(stream.ToArray()), 0, stream.Length);
        foreach (ulong value in values)
        {
            Assert.True(reader.TryReadField(out WireField field));
            Assert.Equal((7, WireType.Varint), (field.Number, field.Type));
            Assert.Equal(value, reader.ReadVarint());
        }

        Assert.False(reader.TryReadField(out _));
    }

    [Fact]
    public void WireSplice_RandomEditsInNestedMessages_StayReadableByTheLibrary()
    {
        Seeded random = new(9);
        for (int trial = 0; trial < 200; trial++)
        {
            byte[] value = new byte[random.NextInt(300)];
            byte[] message = OnnxProtos.Field(1, OnnxProtos.Field(2, OnnxProtos.Field(3, value), [0x20, 5]));
            WireReader reader = new(ByteSource.FromMemory(message), 0, message.Length);
            WireMessage root = new(message.Length);
            WireMessage outer = Enter(root);
            WireMessage inner = Enter(outer);
            reader.TryReadField(out WireField field);
            WirePayload payload = reader.ReadPayload(field);
            byte[] replacement = new byte[random.NextInt(40_000)];
            WireSplice splice = new(ByteSource.FromMemory(message));

            splice.ReplacePayload(inner, payload, ByteSource.FromMemory(replacement), null);

            using MemoryStream result = new();
            splice.WriteTo(result);
            Assert.Equal(splice.Length, result.Length);
            Assert.Equal(OnnxProtos.Field(1, OnnxProtos.Field(2, OnnxProtos.Field(3, replacement), [0x20, 5])), result.ToArray());

            WireMessage Enter(WireMessage parent)
            {
                Assert.True(reader.TryReadField(out WireField enclosing));
                WirePayload place = reader.ReadPayload(enclosing);
                reader.Enter(place);
                return new WireMessage(parent, place);
            }
        }
    }
}
