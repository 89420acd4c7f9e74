using System.Buffers;

namespace Tersor.Models.Onnx;

/// <summary>Writes into a buffer writer.</summary>
internal sealed class BufferWriterStream(IBufferWriter<byte> writer) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => writer.Write(buffer);
}
