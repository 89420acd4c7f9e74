using System.IO.Compression;

namespace Tersor.Models.Zip;

/// <summary>
/// The plain bytes of a deflated member, inflated anew at each read. Length and check value are verified whenever a read reaches the end.
/// Memory is taken for what the caller asks for, never for what the archive declares.
/// </summary>
internal sealed class InflatedSource : ByteSource
{
    private readonly ByteSource _compressed;
    private readonly ZipEntry _entry;
    private readonly long _fileOffset;
    private readonly long _start;

    /// <summary>Wraps a member.</summary>
    /// <param name="compressed">Its bytes.</param>
    /// <param name="entry">What the directory says of it.</param>
    /// <param name="fileOffset">Where its bytes start, for messages.</param>
    public InflatedSource(ByteSource compressed, ZipEntry entry, long fileOffset)
        : this(compressed, entry, fileOffset, 0)
    {
    }

    private InflatedSource(ByteSource compressed, ZipEntry entry, long fileOffset, long start)
    {
        _compressed = compressed;
        _entry = entry;
        _fileOffset = fileOffset;
        _start = start;
    }

    /// <inheritdoc/>
    public override string Name => _compressed.Name;

    /// <inheritdoc/>
    public override long Length => _entry.Length - _start;

    /// <inheritdoc/>
    public override string? FilePath => _compressed.FilePath;

    /// <inheritdoc/>
    public override bool ReadsInParts => false;

    /// <summary>The same bytes without the first ones, still copied as a stream.</summary>
    public InflatedSource Skip(long count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)count, (ulong)Length, nameof(count));
        return new InflatedSource(_compressed, _entry, _fileOffset, _start + count);
    }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || destination.Length > Length - offset)
            throw Malformed($"wanted {destination.Length} bytes at {offset}, the member has {Length}");
        Inflation inflation = new(this);
        using (inflation)
        {
            inflation.Skip(_start + offset);
            inflation.Read(destination);
            if (offset + destination.Length == Length) inflation.CheckEnd();
        }
    }

    /// <inheritdoc/>
    public override void CopyTo(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using Inflation inflation = new(this);
        inflation.Skip(_start);
        byte[] buffer = new byte[1 << 16];
        for (long left = Length; left > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            inflation.Read(piece);
            destination.Write(piece);
            left -= piece.Length;
        }

        inflation.CheckEnd();
    }

    private ModelFormatException Malformed(string problem, Exception? inner = null) =>
        new(Name, $"member '{_entry.Name}'", _fileOffset, problem, inner);

    /// <summary>One pass from the beginning.</summary>
    private sealed class Inflation(InflatedSource source) : IDisposable
    {
        private readonly DeflateStream _stream = new(new SourceStream(source._compressed), CompressionMode.Decompress);
        private Crc32 _crc;

        public void Skip(long count)
        {
            if (count == 0) return;
            byte[] buffer = new byte[(int)Math.Min(count, 1 << 16)];
            for (; count > 0; count -= Math.Min(count, buffer.Length)) Read(buffer.AsSpan(0, (int)Math.Min(count, buffer.Length)));
        }

        public void Read(Span<byte> destination)
        {
            int count = Inflate(destination);
            if (count < destination.Length) throw source.Malformed($"the compressed data ends before the declared {source._entry.Length} bytes");
            _crc.Append(destination);
        }

        public void CheckEnd()
        {
            Span<byte> more = stackalloc byte[1];
            if (Inflate(more) != 0) throw source.Malformed($"the compressed data goes on after the declared {source._entry.Length} bytes");
            if (_crc.Value != source._entry.Crc32)
                throw source.Malformed("the check value (CRC-32) does not match; the file is damaged, fetch it again");
        }

        public void Dispose() => _stream.Dispose();

        private int Inflate(Span<byte> destination)
        {
            try
            {
                return _stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            }
            catch (InvalidDataException error)
            {
                throw source.Malformed("the compressed data is damaged; fetch the file again", error);
            }
        }
    }
}
