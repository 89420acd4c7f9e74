using Microsoft.Win32.SafeHandles;

namespace Tersor.Models;

/// <summary>
/// Bytes that can be read at an offset: a file, a part of one, memory, or data made on demand. Weights stay where they are until someone reads them.
/// Reading is safe from several threads at once.
/// </summary>
public abstract class ByteSource : IDisposable
{
    // Bytes that are copied before the next look at the token.
    private const int PartLength = 1 << 20;

    /// <summary>What messages call this source: a path, or what the bytes are.</summary>
    public abstract string Name { get; }

    /// <summary>Number of bytes.</summary>
    public abstract long Length { get; }

    /// <summary>The file that the bytes lie in; null where they are in memory or made on demand.</summary>
    public virtual string? FilePath => null;

    /// <summary>False where each <see cref="Read"/> makes everything anew, so that <see cref="ReadAll"/> is the way to ask.</summary>
    public virtual bool ReadsInParts => true;

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/>.</summary>
    /// <exception cref="ModelFormatException">The source ends before the destination is full.</exception>
    public abstract void Read(long offset, Span<byte> destination);

    /// <summary>All bytes, without a copy where they are in memory already.</summary>
    /// <param name="cancellationToken">Looked at every megabyte, and while data is made on demand.</param>
    /// <exception cref="ResourceLimitException">More than an array can hold.</exception>
    public virtual ReadOnlyMemory<byte> ReadAll(CancellationToken cancellationToken = default)
    {
        if (Length > Array.MaxLength)
            throw new ResourceLimitException($"{Name}: {Length:N0} bytes do not fit one array; read it in parts.");
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)Length);
        ReadInParts(0, bytes, cancellationToken);
        return bytes;
    }

    /// <summary>The bytes where they lie in memory anyway, so that callers need no copy; false for files and deferred data.</summary>
    public virtual bool TryGetMemory(out ReadOnlyMemory<byte> memory)
    {
        memory = default;
        return false;
    }

    /// <summary>A window of this source, which stays owned by its opener.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The window does not lie within the source.</exception>
    public ByteSource Slice(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return TryGetMemory(out ReadOnlyMemory<byte> memory)
            ? FromMemory(memory.Slice((int)offset, (int)length), Name)
            : new WindowSource(this, offset, length);
    }

    /// <summary>Writes everything to <paramref name="destination"/>, in pieces of at most 1 MiB where the source <see cref="ReadsInParts"/>.</summary>
    public virtual void CopyTo(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        cancellationToken.ThrowIfCancellationRequested();
        if (!ReadsInParts)
        {
            WriteInParts(ReadAll(cancellationToken), destination, cancellationToken);
            return;
        }

        byte[] buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(PartLength, Math.Max(1, Length)));
        for (long offset = 0; offset < Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, Length - offset));
            Read(offset, piece);
            destination.Write(piece);
            offset += piece.Length;
        }
    }

    /// <summary>Opens a file for reading; other processes may read it too.</summary>
    /// <exception cref="IOException">The file is missing, cannot be opened, or is a device or a pipe.</exception>
    public static ByteSource FromFile(string path) => new FileSource(path);

    /// <summary>Wraps a stream that can seek. Reads take turns; nobody else may move the stream meanwhile.</summary>
    /// <param name="stream">Read from its beginning, wherever it stands now.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="leaveOpen">Whether the stream outlives the source.</param>
    /// <exception cref="ArgumentException">The stream cannot be read or cannot seek.</exception>
    public static ByteSource FromStream(Stream stream, string name = "stream", bool leaveOpen = false) => new StreamSource(stream, name, leaveOpen);

    /// <summary>Wraps bytes in memory.</summary>
    public static ByteSource FromMemory(ReadOnlyMemory<byte> memory, string name = "memory") => new MemorySource(memory, name);

    /// <summary>Bytes made when asked for, anew each time.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="read">Makes exactly so many; the token is that of whoever asks.</param>
    public static ByteSource Deferred(string name, long length, Func<CancellationToken, ReadOnlyMemory<byte>> read) => new DeferredSource(name, length, read);

    /// <summary>Closes what the source opened.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what the source opened.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Fills memory so that a large tensor can be stopped on its way; at once where the source does not read in parts.</summary>
    internal void ReadInParts(long offset, Span<byte> destination, CancellationToken cancellationToken)
    {
        while (!destination.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<byte> part = destination[..(ReadsInParts ? Math.Min(PartLength, destination.Length) : destination.Length)];
            Read(offset, part);
            offset += part.Length;
            destination = destination[part.Length..];
        }
    }

    /// <summary>Writes bytes so that a large tensor can be stopped on its way.</summary>
    internal static void WriteInParts(ReadOnlyMemory<byte> bytes, Stream destination, CancellationToken cancellationToken)
    {
        for (ReadOnlySpan<byte> rest = bytes.Span; !rest.IsEmpty;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> part = rest[..Math.Min(PartLength, rest.Length)];
            destination.Write(part);
            rest = rest[part.Length..];
        }
    }

    private protected void CheckRange(long offset, int count)
    {
        if (offset < 0 || count > Length - offset)
        {
            throw new ModelFormatException(
                Name, null, offset, $"wanted {count} bytes, the data ends at byte {Length}; the file is truncated, fetch it again");
        }
    }

    private sealed class FileSource : ByteSource
    {
        private readonly SafeFileHandle _handle;

        public FileSource(string path)
        {
            Name = path;

            // Opening a pipe would wait for somebody to write, and neither can be read at an offset.
            if (!Directory.Exists(path) && !FileStatus.Of(path).IsRegular) throw new IOException($"{path}: is a device or a pipe; name a file");
            _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
            Length = RandomAccess.GetLength(_handle);
        }

        public override string Name { get; }

        public override long Length { get; }

        public override string? FilePath => Name;

        public override void Read(long offset, Span<byte> destination)
        {
            CheckRange(offset, destination.Length);
            while (!destination.IsEmpty)
            {
                int count = RandomAccess.Read(_handle, destination, offset);
                if (count == 0)
                    throw new ModelFormatException(Name, null, offset, "the file became shorter while it was read");
                destination = destination[count..];
                offset += count;
            }
        }

        protected override void Dispose(bool disposing)
        {
            _handle.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class StreamSource : ByteSource
    {
        private readonly Stream _stream;
        private readonly bool _leaveOpen;
        private readonly Lock _turn = new();

        public StreamSource(Stream stream, string name, bool leaveOpen)
        {
            ArgumentNullException.ThrowIfNull(stream);
            if (!stream.CanRead || !stream.CanSeek) throw new ArgumentException("The stream must be readable and able to seek.", nameof(stream));
            _stream = stream;
            _leaveOpen = leaveOpen;
            Name = name;
            Length = stream.Length;
        }

        public override string Name { get; }

        public override long Length { get; }

        public override void Read(long offset, Span<byte> destination)
        {
            CheckRange(offset, destination.Length);
            lock (_turn)
            {
                _stream.Position = offset;
                if (_stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) < destination.Length)
                    throw new ModelFormatException(Name, null, offset, "the stream became shorter while it was read");
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (!_leaveOpen) _stream.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class MemorySource(ReadOnlyMemory<byte> memory, string name) : ByteSource
    {
        public override string Name => name;

        public override long Length => memory.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            CheckRange(offset, destination.Length);
            memory.Span.Slice((int)offset, destination.Length).CopyTo(destination);
        }

        public override ReadOnlyMemory<byte> ReadAll(CancellationToken cancellationToken = default) => memory;

        public override bool TryGetMemory(out ReadOnlyMemory<byte> bytes)
        {
            bytes = memory;
            return true;
        }
    }

    private sealed class WindowSource(ByteSource parent, long start, long length) : ByteSource
    {
        public override string Name => parent.Name;

        public override long Length => length;

        public override string? FilePath => parent.FilePath;

        public override bool ReadsInParts => parent.ReadsInParts;

        public override void Read(long offset, Span<byte> destination)
        {
            CheckRange(offset, destination.Length);
            parent.Read(start + offset, destination);
        }

        public override ReadOnlyMemory<byte> ReadAll(CancellationToken cancellationToken = default) =>
            ReadsInParts ? base.ReadAll(cancellationToken) : parent.ReadAll(cancellationToken).Slice((int)start, (int)length);
    }

    private sealed class DeferredSource(string name, long length, Func<CancellationToken, ReadOnlyMemory<byte>> read) : ByteSource
    {
        public override string Name => name;

        public override long Length => length;

        public override bool ReadsInParts => false;

        public override void Read(long offset, Span<byte> destination)
        {
            CheckRange(offset, destination.Length);
            ReadAll().Span.Slice((int)offset, destination.Length).CopyTo(destination);
        }

        public override ReadOnlyMemory<byte> ReadAll(CancellationToken cancellationToken = default)
        {
            ReadOnlyMemory<byte> bytes = read(cancellationToken);
            if (bytes.Length != length)
                throw new InvalidOperationException($"{name}: made {bytes.Length} bytes where {length} were promised.");
            return bytes;
        }
    }
}
