namespace Tersor.Models.Zip;

/// <summary>Passes writes on, counts them and keeps their check value.</summary>
/// <param name="destination">Where writes go.</param>
/// <param name="before">What counts for the check value before them; null for nothing.</param>
internal sealed class ChecksumStream(Stream destination, ChecksumStream? before = null) : WriteOnlyStream
{
    private Crc32 _crc = before?._crc ?? default;
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
