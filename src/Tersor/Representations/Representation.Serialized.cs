using System.Buffers;
using Tersor.Models;

namespace Tersor.Representations;

/// <content>The serialized form.</content>
public abstract partial class Representation
{
    private const byte Version = 1;

    private static ReadOnlySpan<byte> Magic => "TREP"u8;

    /// <summary>Writes it in the library's own form, the same bytes for the same matrix and format.</summary>
    /// <remarks>
    /// Little-endian: (1) the letters TREP; (2) a byte, the version, 1; (3) a byte, the number of <see cref="Format"/>; (4) rows and (5) columns, 32 bits
    /// each; (6) the arrays, each with its length before it, in the order of <see cref="Arrays"/> but for what they are checked against, which comes first.
    /// </remarks>
    public void Write(IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        destination.Write(Magic);
        RepresentationWriter writer = new(destination);
        writer.WriteByte(Version);
        writer.WriteByte((byte)Format);
        writer.WriteInt32(Rows);
        writer.WriteInt32(Columns);
        WriteArrays(writer);
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Every index is checked: what is accepted can be multiplied and converted.</summary>
    /// <param name="bytes">All of it, and nothing beyond.</param>
    /// <param name="source">What messages call it: a path, or what it is.</param>
    /// <exception cref="ModelFormatException">The bytes are not what they should be; says where and why.</exception>
    public static Representation Read(ReadOnlySpan<byte> bytes, string source)
    {
        if (!bytes.StartsWith(Magic)) throw new ModelFormatException(source, "representation", 0, "it does not start with TREP; it is another kind of file");
        RepresentationReader reader = new(bytes[Magic.Length..], source);
        byte version = reader.ReadByte();
        if (version != Version) throw reader.Damaged($"it is of version {version}, this program reads {Version}");
        byte number = reader.ReadByte();
        if (FormatEntry.All.FirstOrDefault(entry => (byte)entry.Format == number) is not { } format) throw reader.Damaged($"there is no format {number}");
        int rows = reader.ReadInt32();
        int columns = reader.ReadInt32();
        if (rows is < 0 or > MaxLength || columns is < 0 or > MaxLength || (long)rows * columns > MaxLength) throw reader.Damaged($"a matrix of {rows} x {columns} cannot be");
        Representation representation = format.Read(ref reader, rows, columns);
        return reader.Consumed == bytes.Length - Magic.Length ? representation : throw reader.Damaged($"{bytes.Length - Magic.Length - reader.Consumed:N0} bytes follow it");
    }

    /// <summary>Writes the arrays.</summary>
    private protected abstract void WriteArrays(in RepresentationWriter writer);
}
