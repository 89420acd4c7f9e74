using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Tersor.Models.Npz;

/// <summary>
/// The start of an array file:
/// 1. 0x93 "NUMPY", major and minor version (1.0, 2.0, 3.0).
/// 2. header length, little-endian: u16 in version 1, u32 in 2 and 3.
/// 3. a Python dictionary literal <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }</c>, Latin-1 (UTF-8 in version 3), then spaces
///    and a line feed up to a multiple of 64 bytes.
/// 4. the elements.
/// </summary>
internal sealed class NpyHeader(string? descriptor, bool isFortranOrder, long[] dimensions, long dataOffset)
{
    /// <summary>Bytes that are there in every version: magic, version, u16.</summary>
    public const int PrefixLength = 10;

    // NumPy itself reads at most 10,000 characters unless told to trust the file; structured types may be longer.
    private const int MaxTextLength = 1 << 20;
    private const int Alignment = 64;

    /// <summary>Whether the bytes start with the magic.</summary>
    public static bool Matches(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>The element type as written; null where the array is structured.</summary>
    public string? Descriptor => descriptor;

    /// <summary>Whether the first dimension is the innermost.</summary>
    public bool IsFortranOrder => isFortranOrder;

    /// <summary>Outermost first, every one 0 or more.</summary>
    public ReadOnlySpan<long> Dimensions => dimensions;

    /// <summary>Where the elements start.</summary>
    public long DataOffset => dataOffset;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header of an array.</summary>
    /// <param name="array">The whole array file.</param>
    /// <param name="item">What messages call it; null for the file itself.</param>
    /// <exception cref="ModelFormatException">It is malformed; offsets count from the start of the array file.</exception>
    /// <exception cref="ResourceLimitException">The header is longer than 1 MiB.</exception>
    public static NpyHeader Read(ByteSource array, string? item)
    {
        byte[] prefix = new byte[Math.Min(PrefixLength + 2, array.Length)];
        array.Read(0, prefix);
        if (prefix.Length < PrefixLength || !Matches(prefix))
            throw new ModelFormatException(array.Name, item, 0, "does not start as an array of NumPy does; the file is damaged or not npy");
        int version = prefix[6];
        if (version is not (1 or 2 or 3) || prefix[7] != 0)
            throw new ModelFormatException(array.Name, item, 6, $"npy version {version}.{prefix[7]} is unknown; known are 1.0, 2.0 and 3.0");
        int textOffset = version == 1 ? PrefixLength : PrefixLength + 2;
        if (prefix.Length < textOffset) throw new ModelFormatException(array.Name, item, 8, "the header is truncated");
        ReadOnlySpan<byte> lengthField = prefix.AsSpan(8);
        uint length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthField) : BinaryPrimitives.ReadUInt32LittleEndian(lengthField);
        if (length > array.Length - textOffset)
        {
            throw new ModelFormatException(
                array.Name, item, 8, $"declares a header of {length} bytes, {array.Length - textOffset} follow; the file is truncated");
        }

        if (length > MaxTextLength)
            throw new ResourceLimitException($"{array.Name}: the npy header has {length:N0} bytes, at most {MaxTextLength:N0} are read.");
        byte[] text = new byte[length];
        array.Read(textOffset, text);
        return new NpyHeaderText(text, array.Name, item, textOffset, isUtf8: version == 3).Parse(textOffset + length);
    }

    /// <summary>The bytes before the elements, for row-major little-endian data; a multiple of 64 long.</summary>
    public static byte[] Make(string descriptor, TensorShape shape)
    {
        StringBuilder dimensions = new();
        foreach (long dimension in shape.Dimensions) dimensions.Append(CultureInfo.InvariantCulture, $"{dimension}, ");
        if (shape.Rank == 1) dimensions.Length--;
        else if (shape.Rank > 1) dimensions.Length -= 2;
        string text = $"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': ({dimensions}), }}";
        int total = (PrefixLength + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[total];
        Magic.CopyTo(header);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(total - PrefixLength));
        header.AsSpan(PrefixLength).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, header.AsSpan(PrefixLength));
        header[^1] = (byte)'\n';
        return header;
    }
}
