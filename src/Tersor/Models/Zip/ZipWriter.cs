using System.Buffers.Binary;
using System.Text;

namespace Tersor.Models.Zip;

/// <summary>
/// Writes zip archives of stored members, streaming. The same members give the same bytes: every date is 1 January 1980, zip64 fields are there
/// only where a size or place needs them.
/// </summary>
internal sealed class ZipWriter
{
    private const ushort Utf8Flag = 0x0800;
    private const ushort VersionPlain = 20;
    private const ushort VersionZip64 = 45;

    // Year 1980, month 1, day 1 in the format's packed form; the time is 0.
    private const ushort FixedDate = 0x0021;

    private readonly Stream _stream;
    private readonly long _start;
    private readonly long _zip64Threshold;
    private readonly List<ZipEntry> _entries = [];

    /// <summary>Starts an archive where the stream stands.</summary>
    /// <param name="stream">Can seek: check values are filled in behind the data.</param>
    /// <param name="zip64Threshold">Sizes and places from here on use zip64 fields; tests lower it.</param>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    public ZipWriter(Stream stream, long zip64Threshold = uint.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek || !stream.CanWrite) throw new ArgumentException("The stream must be writable and able to seek.", nameof(stream));
        _stream = stream;
        _start = stream.Position;
        _zip64Threshold = zip64Threshold;
    }

    /// <summary>Adds a member.</summary>
    /// <param name="name">Its path; at most 65,535 bytes of UTF-8, unique.</param>
    /// <param name="length">How many bytes <paramref name="write"/> writes.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="ArgumentException">The name is too long.</exception>
    public void Add(string name, long length, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        if (nameBytes.Length > ushort.MaxValue) throw new ArgumentException($"The name '{name[..32]}...' is longer than zip allows.", nameof(name));
        ushort flags = nameBytes.AsSpan().ContainsAnyExceptInRange((byte)0x20, (byte)0x7E) ? Utf8Flag : (ushort)0;
        long headerOffset = _stream.Position - _start;
        bool wide = length >= _zip64Threshold;

        Record header = new(30);
        header.Add32(0x04034B50);
        header.Add16(wide ? VersionZip64 : VersionPlain);
        header.Add16(flags);
        header.Add16(ZipEntry.Stored);
        header.Add16(0);
        header.Add16(FixedDate);
        header.Add32(0);
        header.Add32(wide ? uint.MaxValue : (uint)length);
        header.Add32(wide ? uint.MaxValue : (uint)length);
        header.Add16((ushort)nameBytes.Length);
        header.Add16(wide ? (ushort)20 : (ushort)0);
        _stream.Write(header.Bytes);
        _stream.Write(nameBytes);
        if (wide) _stream.Write(Zip64Extra(length, length));

        ChecksumStream content = new(_stream);
        write(content);
        if (content.Length != length)
            throw new InvalidOperationException($"Member '{name}' has {content.Length} bytes where {length} were promised.");
        long end = _stream.Position;
        Record checksum = new(4);
        checksum.Add32(content.Crc32);
        _stream.Position = _start + headerOffset + 14;
        _stream.Write(checksum.Bytes);
        _stream.Position = end;
        _entries.Add(new ZipEntry(name, flags, ZipEntry.Stored, content.Crc32, length, length, headerOffset));
    }

    /// <summary>Writes the directory behind the members.</summary>
    public void Finish()
    {
        long directoryOffset = _stream.Position - _start;
        foreach (ZipEntry entry in _entries) WriteDirectoryEntry(entry);
        long directoryLength = _stream.Position - _start - directoryOffset;
        bool wideCount = _entries.Count >= ushort.MaxValue;
        bool wideLength = directoryLength >= _zip64Threshold;
        bool wideOffset = directoryOffset >= _zip64Threshold;
        if (wideCount || wideLength || wideOffset) WriteZip64End(directoryOffset, directoryLength);

        Record end = new(22);
        end.Add32(0x06054B50);
        end.Add32(0);
        end.Add16(wideCount ? ushort.MaxValue : (ushort)_entries.Count);
        end.Add16(wideCount ? ushort.MaxValue : (ushort)_entries.Count);
        end.Add32(wideLength ? uint.MaxValue : (uint)directoryLength);
        end.Add32(wideOffset ? uint.MaxValue : (uint)directoryOffset);
        end.Add16(0);
        _stream.Write(end.Bytes);
    }

    private void WriteDirectoryEntry(ZipEntry entry)
    {
        bool wideLength = entry.Length >= _zip64Threshold;
        bool wideOffset = entry.HeaderOffset >= _zip64Threshold;
        byte[] extra =
            wideLength && wideOffset ? Zip64Extra(entry.Length, entry.Length, entry.HeaderOffset)
            : wideLength ? Zip64Extra(entry.Length, entry.Length)
            : wideOffset ? Zip64Extra(entry.HeaderOffset)
            : [];
        ushort version = extra.Length > 0 ? VersionZip64 : VersionPlain;
        byte[] name = Encoding.UTF8.GetBytes(entry.Name);
        Record record = new(46);
        record.Add32(0x02014B50);
        record.Add16(version);
        record.Add16(version);
        record.Add16(entry.Flags);
        record.Add16(entry.Method);
        record.Add16(0);
        record.Add16(FixedDate);
        record.Add32(entry.Crc32);
        record.Add32(wideLength ? uint.MaxValue : (uint)entry.Length);
        record.Add32(wideLength ? uint.MaxValue : (uint)entry.Length);
        record.Add16((ushort)name.Length);
        record.Add16((ushort)extra.Length);
        record.Add16(0);
        record.Add16(0);
        record.Add16(0);
        record.Add32(0);
        record.Add32(wideOffset ? uint.MaxValue : (uint)entry.HeaderOffset);
        _stream.Write(record.Bytes);
        _stream.Write(name);
        _stream.Write(extra);
    }

    private void WriteZip64End(long directoryOffset, long directoryLength)
    {
        long endOffset = _stream.Position - _start;
        Record end = new(56);
        end.Add32(0x06064B50);
        end.Add64(44);
        end.Add16(VersionZip64);
        end.Add16(VersionZip64);
        end.Add32(0);
        end.Add32(0);
        end.Add64(_entries.Count);
        end.Add64(_entries.Count);
        end.Add64(directoryLength);
        end.Add64(directoryOffset);
        _stream.Write(end.Bytes);
        Record locator = new(20);
        locator.Add32(0x07064B50);
        locator.Add32(0);
        locator.Add64(endOffset);
        locator.Add32(1);
        _stream.Write(locator.Bytes);
    }

    private static byte[] Zip64Extra(params ReadOnlySpan<long> values)
    {
        Record extra = new(4 + (8 * values.Length));
        extra.Add16(1);
        extra.Add16((ushort)(8 * values.Length));
        foreach (long value in values) extra.Add64(value);
        return extra.Bytes;
    }

    /// <summary>A record filled from front to back, little-endian.</summary>
    private struct Record(int length)
    {
        private int _position;

        public byte[] Bytes { get; } = new byte[length];

        public void Add16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(_position), value);
            _position += 2;
        }

        public void Add32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(_position), value);
            _position += 4;
        }

        public void Add64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(Bytes.AsSpan(_position), value);
            _position += 8;
        }
    }
}
