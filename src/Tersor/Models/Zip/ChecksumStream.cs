namespace Tersor.Models.Zip;

/// <summary>Passes writes on, counts them and keeps their check value.</summary>
internal sealed class ChecksumStream(Stream destination) : WriteOnlyStream
{
    private Crc32 _crc;
    private long _length;

    /// <summary>Of everything written so far.</summary>
    public uint Crc32 => _crc.Value;

    public override long Length => _length;

    public override long Position { get => _length; set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _crc.Append(buffer);
        destination.Write(buffer);
        _length += buffer.Length;
    }

    public override void Flush() => destination.Flush();
}
