using System.Buffers.Binary;
using System.Text;

namespace Tersor.Models.Zip;

/// <summary>
/// The central directory of a zip archive, zip64 included. Members are opened on demand and stay in their file: stored ones are windows, deflated
/// ones are inflated when read. Strict: the directory ends where its end record starts, members lie before it and do not overlap, names are unique.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint LocalSignature = 0x04034B50;
    private const uint EntrySignature = 0x02014B50;
    private const uint EndSignature = 0x06054B50;
    private const uint End64Signature = 0x06064B50;
    private const uint Locator64Signature = 0x07064B50;
    private const int LocalLength = 30;
    private const int EntryLength = 46;
    private const int EndLength = 22;
    private const int End64Length = 56;
    private const int Locator64Length = 20;

    // Deflate cannot make more than 258 bytes of 2 bits.
    private const int MaxExpansion = 1032;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ByteSource _source;
    private readonly List<ZipEntry> _entries = [];
    private readonly Dictionary<string, ZipEntry> _byName = new(StringComparer.Ordinal);
    private long _offset;

    private ZipDirectory(ByteSource source) => _source = source;

    /// <summary>The members in the order of the directory.</summary>
    public IReadOnlyList<ZipEntry> Entries => _entries;

    /// <summary>The member of that name, or null.</summary>
    public ZipEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Whether a file starts with a member whose name ends so; the way to tell archives apart by their first bytes.</summary>
    public static bool FirstNameEndsWith(ReadOnlySpan<byte> start, ReadOnlySpan<byte> ending)
    {
        if (start.Length < LocalLength || BinaryPrimitives.ReadUInt32LittleEndian(start) != LocalSignature) return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(start[26..]);
        return length <= start.Length - LocalLength && start.Slice(LocalLength, length).EndsWith(ending);
    }

    /// <summary>Reads the directory.</summary>
    /// <exception cref="ModelFormatException">It is missing or contradicts itself.</exception>
    /// <exception cref="ResourceLimitException">It is larger than <see cref="ModelReadOptions.MaxHeaderBytes"/>.</exception>
    public static ZipDirectory Read(ByteSource source, ModelReadOptions options)
    {
        ZipDirectory directory = new(source);
        (long offset, long length, long count) = directory.FindDirectory();
        if (length > Math.Min(options.MaxHeaderBytes, Array.MaxLength))
        {
            throw new ResourceLimitException(
                $"{source.Name}: the zip directory has {length:N0} bytes, at most {options.MaxHeaderBytes:N0} are read.");
        }

        byte[] bytes = new byte[(int)length];
        source.Read(offset, bytes);
        directory._offset = offset;
        directory.ReadEntries(bytes, count);
        directory.CheckPlaces();
        return directory;
    }

    /// <summary>The plain bytes of a member; deflated ones have <see cref="ByteSource.ReadsInParts"/> false.</summary>
    /// <exception cref="ModelFormatException">The member's own header is missing or contradicts the directory.</exception>
    /// <exception cref="UnsupportedModelException">The member has an <see cref="ZipEntry.Obstacle"/>.</exception>
    public ByteSource Open(ZipEntry entry)
    {
        if (entry.Obstacle is not null) throw new UnsupportedModelException(_source.Name, [$"member '{entry.Name}' {entry.Obstacle}"]);
        Span<byte> header = stackalloc byte[LocalLength];
        _source.Read(entry.HeaderOffset, header);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
        long start = entry.HeaderOffset + LocalLength + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature || start > _offset - entry.CompressedLength)
            throw Malformed(entry, entry.HeaderOffset, "there is no header of the member where the directory points to");
        byte[] name = new byte[nameLength];
        _source.Read(entry.HeaderOffset + LocalLength, name);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) != entry.Method || DecodeName(name, entry.HeaderOffset) != entry.Name)
            throw Malformed(entry, entry.HeaderOffset, "the member's own header has another name or method than the directory");
        ByteSource window = _source.Slice(start, entry.CompressedLength);
        return entry.Method == ZipEntry.Deflated ? new InflatedSource(window, entry, start) : new StoredSource(window, entry, start);
    }

    private (long Offset, long Length, long Count) FindDirectory()
    {
        int tailLength = (int)Math.Min(_source.Length, EndLength + ushort.MaxValue);
        byte[] tail = new byte[tailLength];
        _source.Read(_source.Length - tailLength, tail);
        int at = tailLength - EndLength;
        while (at >= 0 && !IsEnd(tail.AsSpan(at))) at--;
        if (at < 0) throw Malformed(null, _source.Length, "no zip end record; the file is truncated or not a zip archive");
        ReadOnlySpan<byte> end = tail.AsSpan(at);
        long endOffset = _source.Length - tailLength + at;
        long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end[4..]) is not (0 or uint.MaxValue))
            throw Malformed(null, endOffset, "the archive is split over several files; join them first");
        long directoryEnd = endOffset;
        if (TryReadEnd64(endOffset, out long end64Offset, out Span<byte> end64))
        {
            count = Widen(count, ushort.MaxValue, BinaryPrimitives.ReadInt64LittleEndian(end64[32..]), end64Offset);
            length = Widen(length, uint.MaxValue, BinaryPrimitives.ReadInt64LittleEndian(end64[40..]), end64Offset);
            offset = Widen(offset, uint.MaxValue, BinaryPrimitives.ReadInt64LittleEndian(end64[48..]), end64Offset);
            directoryEnd = end64Offset;
        }

        if (length > directoryEnd || offset != directoryEnd - length)
            throw Malformed(null, endOffset, $"the directory does not end at byte {directoryEnd}; the archive is damaged or joined to another file");
        return (offset, length, count);
    }

    private static bool IsEnd(ReadOnlySpan<byte> tail) =>
        BinaryPrimitives.ReadUInt32LittleEndian(tail) == EndSignature
        && BinaryPrimitives.ReadUInt16LittleEndian(tail[20..]) == tail.Length - EndLength;

    private bool TryReadEnd64(long endOffset, out long end64Offset, out Span<byte> end64)
    {
        end64Offset = 0;
        end64 = default;
        if (endOffset < Locator64Length + End64Length) return false;
        Span<byte> locator = stackalloc byte[Locator64Length];
        _source.Read(endOffset - Locator64Length, locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Locator64Signature) return false;
        end64Offset = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        if (end64Offset < 0 || end64Offset > endOffset - Locator64Length - End64Length)
            throw Malformed(null, endOffset - Locator64Length, "the zip64 locator points outside the file");
        end64 = new byte[End64Length];
        _source.Read(end64Offset, end64);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end64) != End64Signature)
            throw Malformed(null, end64Offset, "there is no zip64 end record where the locator points to");
        return true;
    }

    private long Widen(long narrow, long saturated, long wide, long offset)
    {
        if (wide < 0 || (narrow != saturated && narrow != wide)) throw Malformed(null, offset, "the zip64 end record contradicts the end record");
        return wide;
    }

    private void ReadEntries(ReadOnlySpan<byte> bytes, long count)
    {
        int length = bytes.Length;
        while (!bytes.IsEmpty)
        {
            long offset = _offset + length - bytes.Length;
            if (bytes.Length < EntryLength || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != EntrySignature)
                throw Malformed(null, offset, "expected an entry of the zip directory");
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]);
            int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[30..]);
            int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[32..]);
            if (nameLength + extraLength + commentLength > bytes.Length - EntryLength)
                throw Malformed(null, offset, "an entry runs past the zip directory");
            ZipEntry entry = ReadEntry(bytes, bytes.Slice(EntryLength, nameLength), bytes.Slice(EntryLength + nameLength, extraLength), offset);
            _entries.Add(entry);
            if (!_byName.TryAdd(entry.Name, entry)) throw Malformed(entry, offset, "the name occurs twice in the archive");
            bytes = bytes[(EntryLength + nameLength + extraLength + commentLength)..];
        }

        if (_entries.Count != count) throw Malformed(null, _offset, $"the zip directory has {_entries.Count} entries, its end record says {count}");
    }

    private ZipEntry ReadEntry(ReadOnlySpan<byte> fields, ReadOnlySpan<byte> name, ReadOnlySpan<byte> extra, long offset)
    {
        long compressedLength = BinaryPrimitives.ReadUInt32LittleEndian(fields[20..]);
        long plainLength = BinaryPrimitives.ReadUInt32LittleEndian(fields[24..]);
        long headerOffset = BinaryPrimitives.ReadUInt32LittleEndian(fields[42..]);
        ReadOnlySpan<byte> wide = FindZip64(extra);
        plainLength = TakeWide(plainLength, ref wide, offset);
        compressedLength = TakeWide(compressedLength, ref wide, offset);
        headerOffset = TakeWide(headerOffset, ref wide, offset);
        ZipEntry entry = new(
            DecodeName(name, offset),
            BinaryPrimitives.ReadUInt16LittleEndian(fields[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(fields[10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(fields[16..]),
            compressedLength,
            plainLength,
            headerOffset);
        if (entry.Method == ZipEntry.Stored && entry.Obstacle is null && plainLength != compressedLength)
            throw Malformed(entry, offset, $"stored without compression, but {plainLength} bytes are kept in {compressedLength}");
        if (entry.Method == ZipEntry.Deflated && plainLength / MaxExpansion > compressedLength)
            throw Malformed(entry, offset, $"{compressedLength} bytes of deflate cannot hold the declared {plainLength}");
        return entry;
    }

    private static ReadOnlySpan<byte> FindZip64(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]), extra.Length - 4);
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == 1) return extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }

        return default;
    }

    // A field of the zip64 extra is there for each saturated field of the entry, in order.
    private long TakeWide(long narrow, ref ReadOnlySpan<byte> wide, long offset)
    {
        if (narrow != uint.MaxValue) return narrow;
        if (wide.Length < 8) throw Malformed(null, offset, "an entry lacks its zip64 sizes");
        long value = BinaryPrimitives.ReadInt64LittleEndian(wide);
        if (value < 0) throw Malformed(null, offset, "a zip64 size exceeds 2^63 - 1");
        wide = wide[8..];
        return value;
    }

    // Overlapping members let a small archive hold any amount; no writer makes them.
    private void CheckPlaces()
    {
        long limit = _offset;
        foreach (ZipEntry entry in _entries.OrderByDescending(entry => entry.HeaderOffset))
        {
            if (entry.HeaderOffset > limit - LocalLength || entry.CompressedLength > limit - LocalLength - entry.HeaderOffset)
                throw Malformed(entry, entry.HeaderOffset, $"its {entry.CompressedLength} bytes run past byte {limit}, where something else starts");
            limit = entry.HeaderOffset;
        }
    }

    private string DecodeName(ReadOnlySpan<byte> name, long offset)
    {
        try
        {
            return StrictUtf8.GetString(name);
        }
        catch (DecoderFallbackException error)
        {
            throw new ModelFormatException(_source.Name, null, offset, "the name of a member is not UTF-8", error);
        }
    }

    private ModelFormatException Malformed(ZipEntry? entry, long offset, string problem) =>
        new(_source.Name, entry is null ? null : $"member '{entry.Name}'", offset, problem);
}
