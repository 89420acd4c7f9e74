using System.Globalization;
using Tersor.Models;
using Tersor.Models.Zip;

namespace Tersor.Nnc.Syntax;

/// <summary>
/// TPL (section 3.5): storage format u(8), compression format u(8), then the network's bytes up to the end of the unit, or a list of tensor names.
/// </summary>
/// <remarks>
/// Compression 1 is written as a zlib stream (RFC 1950), whose checksum is the only one in an NNC file; raw deflate data (RFC 1951) is read as well.
/// </remarks>
internal sealed record TopologyUnit
{
    public const int ReferenceListFormat = 6;

    public const uint RawCompression = 0;

    public const uint DeflateCompression = 1;

    // What the reference writes for a topology it does not carry: a text of no characters.
    private static readonly byte[] EmptyText = [0];

    public required int StorageFormat { get; init; }

    public required uint CompressionFormat { get; init; }

    public required int UnitNumber { get; init; }

    public required long DataOffset { get; init; }

    public required long DataBytes { get; init; }

    /// <summary>Names that compressed data units refer to by index; empty unless <see cref="StorageFormat"/> is 6.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    public static TopologyUnit Read(ref BitReader reader)
    {
        int storage = (int)reader.ReadBits(8);
        uint compression = reader.ReadBits(8);
        long start = reader.Position;
        return new TopologyUnit
        {
            StorageFormat = storage,
            CompressionFormat = compression,
            UnitNumber = reader.UnitNumber,
            DataOffset = start,
            DataBytes = reader.End - start,
            References = storage == ReferenceListFormat && compression == RawCompression ? ReadReferences(ref reader) : [],
        };
    }

    /// <summary>The whole unit; deflated where that is shorter.</summary>
    public static EncodedUnit Write(Topology topology)
    {
        ReadOnlyMemory<byte> bytes = topology.Bytes;
        ReadOnlyMemory<byte> deflated = DeflatedBytes.Deflate(bytes.Span);
        bool pays = deflated.Length < bytes.Length;
        var header = new BitWriter();
        header.WriteBits((uint)topology.Format, 8);
        header.WriteBits(pays ? DeflateCompression : RawCompression, 8);
        return UnitHeader.Frame(NncUnitType.Topology, [], header, ByteSource.FromMemory(pays ? deflated : bytes.IsEmpty ? EmptyText : bytes, "topology"));
    }

    /// <summary>The network's bytes, inflated where they are deflated.</summary>
    /// <exception cref="ModelFormatException">The deflated data is damaged.</exception>
    /// <exception cref="UnsupportedModelException">A compression format that is not defined.</exception>
    /// <exception cref="ResourceLimitException">More than <paramref name="maxBytes"/> come out.</exception>
    public ReadOnlyMemory<byte> ReadData(ByteSource source, long maxBytes)
    {
        if (DataBytes > maxBytes) throw TooLarge(source, maxBytes);
        ReadOnlyMemory<byte> data = source.Slice(DataOffset, DataBytes).ReadAll();
        switch (CompressionFormat)
        {
            case RawCompression:
                return data.Span.SequenceEqual(EmptyText) ? ReadOnlyMemory<byte>.Empty : data;
            case DeflateCompression:
                return Inflate(source, data, maxBytes);
            default:
                throw new UnsupportedModelException(source.Name, [$"topology compression format {CompressionFormat} is not defined; 0 (none) and 1 (deflate) are read"]);
        }
    }

    private static IReadOnlyList<string> ReadReferences(ref BitReader reader)
    {
        long count = reader.ReadExpGolomb(7) + 2;
        reader.ReadAlignment();
        if (count > reader.RemainingBytes)
            throw reader.Malformed(string.Create(CultureInfo.InvariantCulture, $"a list of {count} names does not fit {reader.RemainingBytes} bytes"));
        var names = new List<string>((int)Math.Min(count, 1 << 16));
        for (long i = 0; i < count; i++) names.Add(reader.ReadString("a name of the topology list"));
        return names;
    }

    private ReadOnlyMemory<byte> Inflate(ByteSource source, ReadOnlyMemory<byte> data, long maxBytes)
    {
        try
        {
            return DeflatedBytes.Inflate(data, maxBytes) ?? throw TooLarge(source, maxBytes);
        }
        catch (InvalidDataException e)
        {
            throw new ModelFormatException(source.Name, Item, DataOffset, "the deflated topology is damaged; fetch the file again", e);
        }
    }

    private string Item => string.Create(CultureInfo.InvariantCulture, $"unit {UnitNumber} (topology)");

    private ResourceLimitException TooLarge(ByteSource source, long maxBytes) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{source.Name}: {Item}: the topology takes more than {maxBytes:N0} bytes; raise NncReadOptions.MaxTopologyBytes"));
}
