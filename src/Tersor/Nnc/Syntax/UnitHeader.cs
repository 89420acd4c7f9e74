using System.Globalization;
using Tersor.Models;

namespace Tersor.Nnc.Syntax;

/// <summary>
/// Size and header that every unit begins with (section 3.1):
/// <list type="number">
/// <item>size flag u(1), size u(15) or u(31): bytes of the whole unit, these 2 or 4 included;</item>
/// <item>type u(6), independently decodable flag u(1), partial data flag u(1), partial data counter u(8) if flagged.</item>
/// </list>
/// </summary>
internal readonly record struct UnitHeader
{
    /// <summary>Largest unit that the long form of the size can state.</summary>
    public const long MaxUnitBytes = int.MaxValue;

    // The reference writes the short form up to here.
    private const int MaxShortUnitBytes = 0x7FFF;

    public required long Offset { get; init; }

    public required int UnitBytes { get; init; }

    public required NncUnitType Type { get; init; }

    public bool IndependentlyDecodable { get; init; }

    /// <summary>Which part of split data the unit carries, counted down; null for whole data.</summary>
    public int? PartialDataCounter { get; init; }

    public long End => Offset + UnitBytes;

    /// <summary>Reads the header and narrows the reader to the unit.</summary>
    /// <exception cref="ModelFormatException">The size is impossible or goes beyond the file.</exception>
    public static UnitHeader Read(ref BitReader reader, long fileEnd)
    {
        long offset = reader.Position;
        int sizeBytes = reader.ReadFlag() ? 4 : 2;
        int unitBytes = (int)reader.ReadBits((sizeBytes * 8) - 1);
        if (unitBytes <= sizeBytes)
            throw reader.Malformed(string.Create(CultureInfo.InvariantCulture, $"a unit of {unitBytes} bytes cannot hold its own header; not an NNC stream from here on"));
        if (unitBytes > fileEnd - offset)
        {
            throw reader.Malformed(string.Create(
                CultureInfo.InvariantCulture, $"a unit of {unitBytes} bytes starts at byte {offset}, the file ends {fileEnd - offset} bytes later; it is truncated, fetch it again"));
        }

        reader.SetEnd(offset + unitBytes);
        uint type = reader.ReadBits(6);
        bool independent = reader.ReadFlag();
        bool hasCounter = reader.ReadFlag();
        return new UnitHeader
        {
            Offset = offset,
            UnitBytes = unitBytes,
            Type = (NncUnitType)type,
            IndependentlyDecodable = independent,
            PartialDataCounter = hasCounter ? (int)reader.ReadBits(8) : null,
        };
    }

    /// <summary>
    /// The size field, and the type byte as the reference writes it (independently decodable, whole data), for a unit with <paramref name="bodyBytes"/> after them.
    /// </summary>
    /// <exception cref="ResourceLimitException">The unit is too large for its size field.</exception>
    public static void Write(BitWriter writer, NncUnitType type, long bodyBytes)
    {
        long shortForm = bodyBytes + 3;
        long unitBytes = shortForm <= MaxShortUnitBytes ? shortForm : shortForm + 2;
        if (unitBytes > MaxUnitBytes)
        {
            throw new ResourceLimitException(string.Create(
                CultureInfo.InvariantCulture, $"A unit would take {unitBytes:N0} bytes; NNC units end at {MaxUnitBytes:N0}. Split the tensor or quantize it more coarsely."));
        }

        bool isLong = unitBytes > MaxShortUnitBytes;
        writer.WriteFlag(isLong);
        writer.WriteBits((uint)unitBytes, isLong ? 31 : 15);
        writer.WriteBits((uint)type, 6);
        writer.WriteFlag(true);
        writer.WriteFlag(false);
    }

    /// <summary>A whole unit with a small body.</summary>
    public static byte[] Frame(NncUnitType type, BitWriter body)
    {
        ReadOnlySpan<byte> bytes = body.ToSpan();
        var writer = new BitWriter();
        Write(writer, type, bytes.Length);
        writer.WriteBytes(bytes);
        return writer.ToSpan().ToArray();
    }

    /// <summary>A unit whose payload is not copied.</summary>
    /// <param name="type">What the unit holds.</param>
    /// <param name="names">Tensors in it.</param>
    /// <param name="header">Everything between the type byte and the payload.</param>
    /// <param name="payload">The rest.</param>
    public static EncodedUnit Frame(NncUnitType type, IReadOnlyList<string> names, BitWriter header, ByteSource payload)
    {
        ReadOnlySpan<byte> bytes = header.ToSpan();
        var writer = new BitWriter();
        Write(writer, type, bytes.Length + payload.Length);
        writer.WriteBytes(bytes);
        return new EncodedUnit(names, writer.ToSpan().ToArray(), payload);
    }
}
