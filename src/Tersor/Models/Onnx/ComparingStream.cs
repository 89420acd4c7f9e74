namespace Tersor.Models.Onnx;

/// <summary>Compares what is written to it with what another stream holds from its position on.</summary>
internal sealed class ComparingStream(Stream other) : WriteOnlyStream
{
    private readonly byte[] _buffer = new byte[1 << 16];

    /// <summary>Whether all that was written so far was the same.</summary>
    public bool IsEqual { get; private set; } = true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (IsEqual && !buffer.IsEmpty)
        {
            int count = other.ReadAtLeast(_buffer.AsSpan(0, Math.Min(_buffer.Length, buffer.Length)), 1, throwOnEndOfStream: false);
            IsEqual = count > 0 && buffer[..count].SequenceEqual(_buffer.AsSpan(0, count));
            buffer = buffer[Math.Min(count, buffer.Length)..];
        }
    }
}
