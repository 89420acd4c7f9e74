namespace Tersor.Models.Zip;

/// <summary>
/// The bytes of a member that stands in the archive as it is. The check value is verified before the first of them behind a skipped header is given out, and by every copy of all.
/// </summary>
internal sealed class StoredSource : ByteSource
{
    private readonly ByteSource _member;
    private readonly ZipEntry _entry;
    private readonly long _fileOffset;
    private readonly long _start;
    private volatile bool _isVerified;

    /// <summary>Wraps a member.</summary>
    /// <param name="member">Its bytes.</param>
    /// <param name="entry">What the directory says of it.</param>
    /// <param name="fileOffset">Where its bytes start, for messages.</param>
    public StoredSource(ByteSource member, ZipEntry entry, long fileOffset)
        : this(member, entry, fileOffset, 0)
    {
    }

    private StoredSource(ByteSource member, ZipEntry entry, long fileOffset, long start)
    {
        _member = member;
        _entry = entry;
        _fileOffset = fileOffset;
        _start = start;

        // Reading a header must not take a pass over the whole member.
        _isVerified = start == 0;
    }

    /// <inheritdoc/>
    public override string Name => _member.Name;

    /// <inheritdoc/>
    public override long Length => _member.Length - _start;

    /// <inheritdoc/>
    public override string? FilePath => _member.FilePath;

    /// <inheritdoc/>
    public override bool ReadsInParts => _member.ReadsInParts;

    /// <summary>The same bytes without the first ones, which count for the check value all the same.</summary>
    public StoredSource Skip(long count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)count, (ulong)Length, nameof(count));
        return new StoredSource(_member, _entry, _fileOffset, _start + count);
    }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || destination.Length > Length - offset)
            throw Malformed($"wanted {destination.Length} bytes at {offset}, the member has {Length}");
        RequireVerified();
        _member.Read(_start + offset, destination);
    }

    /// <inheritdoc/>
    public override bool TryGetMemory(out ReadOnlyMemory<byte> memory)
    {
        RequireVerified();
        return _member.Slice(_start, Length).TryGetMemory(out memory);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> ReadAll(CancellationToken cancellationToken = default)
    {
        RequireVerified(cancellationToken);
        return _member.Slice(_start, Length).ReadAll(cancellationToken);
    }

    /// <inheritdoc/>
    public override void CopyTo(Stream destination, CancellationToken cancellationToken = default)
    {
        ChecksumStream skipped = new(Stream.Null);
        _member.Slice(0, _start).CopyTo(skipped, cancellationToken);
        ChecksumStream copied = new(destination, skipped);
        _member.Slice(_start, Length).CopyTo(copied, cancellationToken);
        if (copied.Crc32 != _entry.Crc32) throw Malformed("the check value (CRC-32) does not match; the file is damaged, fetch it again");
        _isVerified = true;
    }

    private void RequireVerified(CancellationToken cancellationToken = default)
    {
        if (!_isVerified) CopyTo(Stream.Null, cancellationToken);
    }

    private ModelFormatException Malformed(string problem) => new(Name, $"member '{_entry.Name}'", _fileOffset, problem);
}
