namespace Tersor.Models.Onnx;

/// <summary>Compares what is written to it with what another stream holds from its position on.</summary>
internal sealed class ComparingStream(Stream other) : Stream
{
    private readonly byte[] _buffer = new byte[1 << 16];

    /// <summary>Whether all that was written so far was the same.</summary>
    public bool IsEqual { get; private set; } = true;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (IsEqual && !buffer.IsEmpty)
        {
            int count = other.ReadAtLeast(_buffer.AsSpan(0, Math.Min(_buffer.Length, buffer.Length)), 1, throwOnEndOfStream: false);
            IsEqual = count > 0 && buffer[..count].SequenceEqual(_buffer.AsSpan(0, count));
            buffer = buffer[Math.Min(count, buffer.Length)..];
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
